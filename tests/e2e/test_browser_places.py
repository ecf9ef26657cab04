"""What stands on the page stays where it is: pictures, rows of cards, the keyboard, both ends."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.pages import message, window
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)

Open = Callable[..., Page]

# Written as an import would: nobody listens yet.
FILL = """
room, bob = Room.objects.get(slug={room!r}), User.objects.get(username="bob")
Message.objects.bulk_create([Message(room=room, seq=room.last_seq + n, author=bob, kind="text",
    number=room.message_count + n, body=f"line {{n:04}}", html=f"<p>line {{n:04}}</p>")
    for n in range(1, {count} + 1)])
last, total = room.last_seq + {count}, room.message_count + {count}
Room.objects.filter(pk=room.pk).update(last_seq=last, message_count=total)
Membership.objects.filter(room=room).update(read_seq=last, read_count=total)
"""
PICTURE = """
from django.core.files.base import ContentFile
room, bob = Room.objects.get(slug={room!r}), User.objects.get(username="bob")
file = actions.attach(room, bob, "chart.png", "image/png", ContentFile(bytes.fromhex({data!r})))
file.message = Message.objects.get(room=room, body={body!r})
file.save()
"""
JOBS = """
from datetime import timedelta
from django.utils import timezone
from jobs.models import Job
room, bob = Room.objects.get(slug={room!r}), User.objects.get(username="bob")
for n, state in enumerate({states!r}, room.last_seq + 1):
    at = timezone.now() - timedelta(minutes=200 - n)
    ended = at if state == "succeeded" else None
    Job.objects.create(kind="room.report", title="Room report", state=state, room=room, seq=n,
        requested_by=bob, queue="bulk", created_at=at, queued_at=at, rung_at=at,
        started_at=ended, finished_at=ended,
        result={{"summary": f"report {{n}}"}} if ended else None)
Room.objects.filter(pk=room.pk).update(last_seq=n)
"""


@pytest.fixture
def open_as(browser: Any, site: Site) -> Iterator[Open]:
    with ExitStack() as windows:

        def open_(name: str, path: str, **options: Any) -> Page:
            page = windows.enter_context(window(browser, site, site.user(name), **options))
            page.goto(path)
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
            return page

        yield open_


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, held: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(name + held))
        return struct.pack(">I", len(held)) + name + held + end

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def top_of(page: Page, text: str) -> float:
    return float(message(page, text).evaluate("row => row.getBoundingClientRect().top"))


def test_a_picture_has_its_place_before_it_is_there(site: Site, open_as: Open) -> None:
    site.room("gallery", "alice", "bob")
    site.ask(FILL.format(room="gallery", count=30))
    data = png(1600, 400)
    site.ask(PICTURE.format(room="gallery", data=data.hex(), body="line 0029"))
    waiting: list[Route] = []
    page = open_as("alice", "/rooms/gallery/")
    page.route("**/attachments/**", lambda route: waiting.append(route))
    page.reload()
    picture = page.locator("[data-file='chart.png'] img")
    expect(picture).to_be_in_viewport()
    before = top_of(page, "line 0029"), top_of(page, "line 0030"), picture.bounding_box()
    box = before[2]
    assert box is not None and abs(box["width"] / box["height"] - 4) < 0.05
    with page.expect_response("**/attachments/**"):

        def asked_for() -> bool:
            page.wait_for_timeout(20)  # Only meanwhile does the page's request come here.
            return bool(waiting)

        until(asked_for, 20, "the picture is asked for")
        waiting[0].fulfill(body=data, content_type="image/png")
    page.wait_for_function(
        "() => [...document.images].some((image) => image.naturalWidth === 1600)"
    )
    assert (top_of(page, "line 0029"), top_of(page, "line 0030"), picture.bounding_box()) == before


def test_many_like_cards_are_a_line_that_opens(site: Site, open_as: Open) -> None:
    site.room("works", "alice", "bob")
    site.ask(JOBS.format(room="works", states=["succeeded"] * 9 + ["queued"] * 3))
    page = open_as("alice", "/rooms/works/")
    cards, line = page.locator("[data-entries] > .job"), page.locator("[data-entries] > .fold")
    expect(line).to_contain_text("Room report: 8 more succeeded")
    expect(cards).to_have_count(4)
    # A card that waits says how many go first.
    expect(cards.last).to_contain_text("waits for a free worker, 2 before it")
    top = line.evaluate("row => row.getBoundingClientRect().top")
    line.get_by_role("button", name="Show").press("Enter")
    expect(cards).to_have_count(12)
    expect(line).to_have_count(0)
    expect(cards.first).to_be_focused()
    assert abs(cards.first.evaluate("row => row.getBoundingClientRect().top") - top) < 24


def test_the_keyboard_keeps_a_place_when_rows_are_dropped(site: Site, open_as: Open) -> None:
    site.room("alley", "alice", "bob")
    site.ask(FILL.format(room="alley", count=600))
    page = open_as("alice", "/rooms/alley/")
    last = message(page, "line 0600")
    last.focus()
    stream = page.locator("[data-stream]")
    while last.count():
        before = page.locator("[data-entries] > li").count()
        stream.evaluate("stream => { stream.scrollTop = 0; }")
        page.wait_for_function(
            "before => document.querySelectorAll('[data-entries] > li').length !== before",
            arg=before,
        )
    focused = page.locator("[data-entries] > .message:focus")
    expect(focused).to_have_count(1)
    expect(focused).to_be_in_viewport()


def test_what_could_not_be_loaded_or_sent_is_said(site: Site, open_as: Open) -> None:
    site.room("yard", "alice", "bob")
    site.ask(FILL.format(room="yard", count=150))
    page = open_as("alice", "/rooms/yard/")
    older = "**/api/v1/rooms/yard/messages*"
    page.route(older, lambda route: route.abort())
    stream = page.locator("[data-stream]")
    stream.evaluate("stream => { stream.scrollTop = 0; }")
    failed = page.get_by_role("alert").filter(has_text="could not be loaded")
    expect(failed).to_be_visible()
    page.unroute(older)
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(0)
    expect(message(page, "line 0060")).to_have_count(1)
    box = page.get_by_label("Message", exact=True)
    box.fill("y" * 10_001)
    box.press("Enter")
    expect(page.locator("[data-composer-error]")).to_contain_text("at most 10,000 characters")
    expect(box).to_have_value("y" * 10_001)
