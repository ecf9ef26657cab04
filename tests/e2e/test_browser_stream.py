"""The conversation in a real browser: what of it is on the page, read, and read out."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import message, say, window
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)

Open = Callable[..., Page]

# Written as an import would: nobody listens yet.
FILL = """
from datetime import timedelta
from django.utils import timezone
room, bob = Room.objects.get(slug={room!r}), User.objects.get(username="bob")
at = timezone.now() - timedelta(minutes=2 * {count})
Message.objects.bulk_create([Message(room=room, seq=room.last_seq + n, author=bob, kind="text",
    number=room.message_count + n, body=f"line {{n:04}}", html=f"<p>line {{n:04}}</p>",
    created_at=at + timedelta(minutes=2 * n)) for n in range(1, {count} + 1)], batch_size=500)
last, total = room.last_seq + {count}, room.message_count + {count}
Room.objects.filter(pk=room.pk).update(last_seq=last, message_count=total)
if {read}:
    Membership.objects.filter(room=room).update(read_seq=last, read_count=total)
result = last
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


def fill(site: Site, room: str, count: int, read: bool = True) -> int:
    """The room with this many messages of Bob's more; its head."""
    return int(site.ask(FILL.format(room=room, count=count, read=read)))


def cursor(site: Site, room: str) -> int:
    return int(
        site.ask(f"Membership.objects.get(room__slug={room!r}, user__username='alice').read_seq")
    )


def post(site: Site, room: str, *texts: str) -> None:
    site.ask(
        "bob = User.objects.get(username='bob')\n"
        f"result = len(actions.post_messages([actions.Post(bob, {room!r}, text)"
        f" for text in {list(texts)!r}]))"
    )


# Reading ------------------------------------------------------------------------------------------


def test_what_is_unread_stays_so_until_it_was_seen(site: Site, open_as: Open) -> None:
    site.room("harbour", "alice", "bob")
    before = cursor(site, "harbour")
    head = fill(site, "harbour", 3000, read=False)
    page = open_as("alice", "/rooms/harbour/")
    bar = page.locator("[data-unread-bar]")
    expect(bar).to_contain_text(re.compile(r"3,000 new messages since .*\d\d:\d\d"))
    expect(message(page, "line 3000")).to_be_in_viewport()
    link = page.locator("[data-rooms] [data-room=harbour]")
    expect(link).to_have_attribute("data-unread", "3000")
    post(site, "harbour", "and one more")
    expect(message(page, "and one more")).to_be_in_viewport()
    expect(bar).to_contain_text("3,001 new messages")
    page.reload()
    expect(bar).to_contain_text("3,001 new messages")
    assert cursor(site, "harbour") == before
    bar.get_by_role("button", name="Jump to first unread").click()
    expect(page.get_by_role("separator", name="New messages")).to_be_in_viewport()
    expect(message(page, "line 0001")).to_be_in_viewport()
    expect(bar).to_be_hidden()
    until(lambda: cursor(site, "harbour") > before, 20, "what was in sight is read")
    assert cursor(site, "harbour") < before + 100
    page.reload()
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Mark as read").click()
    expect(bar).to_be_hidden()
    until(lambda: cursor(site, "harbour") > head, 20, "everything is read")
    expect(link).not_to_have_attribute("data-unread", re.compile("."))


def test_who_begins_at_the_first_unread_and_goes_to_the_end_has_read_it(
    site: Site, open_as: Open
) -> None:
    site.room("quay", "alice", "bob")
    head = fill(site, "quay", 400, read=False)
    page = open_as("alice", "/rooms/quay/")
    page.get_by_role("button", name="Jump to first unread").click()
    expect(message(page, "line 0001")).to_be_in_viewport()
    page.locator("[data-jump]").click()
    expect(message(page, "line 0400")).to_be_in_viewport()
    until(lambda: cursor(site, "quay") == head, 20, "everything is read")


@pytest.mark.parametrize("opened", ["behind", "in front"])
def test_what_comes_while_nobody_looks_is_new(site: Site, open_as: Open, opened: str) -> None:
    slug = f"pier-{opened.replace(' ', '-')}"
    site.room(slug, "alice", "bob")
    fill(site, slug, 20)
    before = cursor(site, slug)
    look_away = "document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))"
    page = open_as("alice", f"/rooms/{slug}/")
    if opened == "behind":
        page.add_init_script(look_away)
        page.reload()
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    page.evaluate(f"() => {{ {look_away} }}")
    post(site, slug, *(f"missed {number}" for number in range(120)))
    expect(message(page, "missed 119")).to_be_in_viewport()
    page.evaluate(
        "() => { delete document.hasFocus; window.dispatchEvent(new Event('focus')); }",
    )
    bar = page.locator("[data-unread-bar]")
    expect(bar).to_contain_text("120 new messages since")
    assert cursor(site, slug) == before
    bar.get_by_role("button", name="Jump to first unread").click()
    expect(message(page, "missed 0").first).to_be_in_viewport()
    expect(bar).to_be_hidden()


# What is on the page ------------------------------------------------------------------------------

# One step towards an edge, and what was done to the row in sight by what came.
STEP = """async (side) => {
    const stream = document.querySelector("[data-stream]");
    const rows = () => [...document.querySelectorAll("[data-entries] > [data-seq]")];
    const edge = () => rows().at(side === "up" ? 0 : -1).dataset.seq;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const before = edge();
    stream.scrollTop = side === "up" ? 30 : stream.scrollHeight - stream.clientHeight - 30;
    await frame();
    const top = stream.getBoundingClientRect().top;
    const row = rows().find((each) => each.getBoundingClientRect().bottom > top);
    const place = row.getBoundingClientRect().top;
    for (let waited = 0; edge() === before && waited < 3000; waited += 1) await frame();
    await frame();
    const seqs = rows().map((each) => Number(each.dataset.seq));
    return {
        moved: Math.abs(row.getBoundingClientRect().top - place),
        gaps: seqs.filter((seq, index) => index && seq !== seqs[index - 1] + 1),
        first: seqs[0], last: seqs.at(-1), rows: seqs.length,
        elements: document.querySelectorAll("*").length,
    };
}"""


def test_a_long_way_back_and_again_to_the_end(site: Site, open_as: Open) -> None:
    """The page holds a stretch of the room, and the reader's place does not move for it."""
    site.room("chronicle", "alice", "bob")
    head = fill(site, "chronicle", 1000)
    page = open_as("alice", "/rooms/chronicle/")
    expect(message(page, "line 1000")).to_be_in_viewport()
    first = head - 999
    place = {"first": head}
    while place["first"] > first:
        place = page.evaluate(STEP, "up")
        assert place["moved"] <= 1 and not place["gaps"]
        assert place["rows"] <= 400 and place["elements"] <= 4000
        post(site, "chronicle", f"meanwhile {place['first']}")
    head = int(site.ask("Room.objects.get(slug='chronicle').last_seq"))
    expect(page.locator("[data-jump]")).to_contain_text("new message")
    while place["last"] < head:
        place = page.evaluate(STEP, "down")
        assert place["moved"] <= 1 and not place["gaps"]
        assert place["rows"] <= 400
    expect(page.locator("[data-entries] > .message").last).to_contain_text("meanwhile")


def test_the_end_is_one_step_away_and_own_messages_are_there(site: Site, open_as: Open) -> None:
    site.room("annals", "alice", "bob")
    fill(site, "annals", 600)
    page = open_as("alice", "/rooms/annals/")
    for _ in range(8):
        page.evaluate(STEP, "up")
    expect(message(page, "line 0600")).to_have_count(0)
    page.context.set_offline(True)
    say(page, "from far up")
    expect(message(page, "from far up")).to_have_attribute("data-state", "pending")
    expect(message(page, "from far up")).to_be_in_viewport()
    expect(message(page, "line 0600")).to_be_in_viewport()
    page.context.set_offline(False)
    expect(message(page, "from far up")).to_have_attribute("data-state", "sent")


def test_the_first_messages_do_not_wait_for_the_rest_of_the_page(site: Site, browser: Any) -> None:
    site.room("foyer", "alice", "bob")
    fill(site, "foyer", 80)
    held: list[Any] = []
    late = re.compile(r"/(main|room|view|composer|connection)\.js")
    with window(browser, site, site.user("alice")) as page:
        page.route(late, lambda route: held.append(route))
        page.goto("/rooms/foyer/", wait_until="commit")
        expect(message(page, "line 0080")).to_be_in_viewport()
        expect(page.get_by_role("heading", name="Foyer", exact=True)).to_be_visible()
        row = message(page, "line 0080").element_handle()
        page.route(late, lambda route: route.continue_())
        for route in held:
            route.continue_()
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        # The page goes on with the rows that are there.
        assert row is not None and row.evaluate("each => each.isConnected")


# Writing ------------------------------------------------------------------------------------------


def test_enter_breaks_the_line_on_a_touch_screen(site: Site, open_as: Open) -> None:
    site.room("handheld", "alice")
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
    page = open_as("alice", "/rooms/handheld/", **phone)
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("first")
    box.press("Enter")
    box.press_sequentially("second")
    expect(box).to_have_value("first\nsecond")
    page.get_by_role("button", name="Send").click()
    expect(message(page, "second")).to_have_attribute("data-state", "sent")
    box.press_sequentially("with a keyboard")
    box.press("Control+Enter")
    expect(message(page, "with a keyboard")).to_have_attribute("data-state", "sent")


def test_enter_of_an_input_method_sends_nothing(site: Site, open_as: Open) -> None:
    site.room("kana", "alice")
    page = open_as("alice", "/rooms/kana/")
    box = page.get_by_label("Message", exact=True)
    box.fill("にほん")
    for marks in ("isComposing: true", "keyCode: 229"):
        box.evaluate(
            f"""each => each.dispatchEvent(new KeyboardEvent("keydown",
                {{ key: "Enter", bubbles: true, cancelable: true, {marks} }}))"""
        )
    expect(box).to_have_value("にほん")
    assert page.locator("[data-entries] > .message").count() == 0
    box.press("Enter")
    expect(message(page, "にほん")).to_have_attribute("data-state", "sent")


def test_the_field_grows_with_what_is_written_not_with_the_rooms_name(
    site: Site, open_as: Open
) -> None:
    long = "A room whose name was thought up by a committee that could not agree on a shorter one"
    site.room("committee", "alice")
    site.ask(f"Room.objects.filter(slug='committee').update(name={long!r})")
    page = open_as("alice", "/rooms/committee/", viewport={"width": 390, "height": 800})
    box = page.get_by_label("Message", exact=True)
    expect(box).to_have_attribute("placeholder", f"Message {long}")
    height = "each => each.offsetHeight"
    one_line = box.evaluate(height)
    assert one_line <= 44
    box.fill("\n".join("abc"))
    assert box.evaluate(height) > one_line
    box.fill("\n" * 40)
    assert box.evaluate(height) <= 10 * 22 + 12


# For those who hear the page ----------------------------------------------------------------------


def test_every_message_has_an_author_and_every_line_a_name(site: Site, open_as: Open) -> None:
    site.room("choir", "alice", "bob")
    page = open_as("alice", "/rooms/choir/")
    for text in ("One", "Two"):
        post(site, "choir", text)
    expect(message(page, "Two")).to_have_class(re.compile("grouped"))
    log = page.get_by_role("log", name="Messages")
    heard = re.sub(r"[\u2068\u2069]", "", log.aria_snapshot())
    assert re.search(r"- list:", heard)
    assert re.search(r"listitem:\s+- separator \"Today\"", heard), heard
    assert re.search(r"listitem:\s+- text: Alice and Bob joined\s+- time: \d\d:\d\d", heard), heard
    assert len(re.findall(r"button \"Bob\"\s+- time: \d\d:\d\d\s+- paragraph", heard)) == 2, heard
    # Nothing that only separates takes the keyboard.
    assert page.locator("[data-entries] .day[tabindex], [role=separator][tabindex]").count() == 0
    message(page, "Two").focus()
    expect(page.get_by_role("button", name="Reply to Bob: Two")).to_be_visible()
    message(page, "One").hover()
    expect(page.get_by_role("button", name="Reply to Bob")).to_have_count(1)
    assert log.get_attribute("aria-live") == "off"
    expect(page.locator("[data-announcer]")).to_contain_text("Two")
    post(site, "choir", *(f"verse {number}" for number in range(60)))
    expect(message(page, "verse 59")).to_be_visible()
    expect(page.locator("[data-announcer]")).to_contain_text("new messages from Bob")


def test_a_long_name_leaves_the_time_in_one_piece(site: Site, open_as: Open) -> None:
    site.room("nobles", "alice", "bob")
    name = "Maximiliane Friederike von und zu Hohenlohe-Langenburg-Schillingsfuerst und andere"
    fields = {"first_name": name[:75], "last_name": name[75:]}
    site.ask(f"User.objects.filter(username='bob').update(**{fields!r})\nresult = None")
    post(site, "nobles", "Delighted")
    page = open_as("alice", "/rooms/nobles/", viewport={"width": 360, "height": 740})
    time = message(page, "Delighted").locator(".by time")
    expect(time).to_have_text(re.compile(r"^\d\d:\d\d$"))
    assert time.evaluate("each => each.getClientRects().length") == 1
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
