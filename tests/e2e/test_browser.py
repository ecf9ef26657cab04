"""Two people, two browsers, and everything behind them real."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.site import Person, Site

expect.set_options(timeout=15_000)

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "[a link](javascript:document.title='owned')",
    "<a href=javascript:document.title='owned'>x</a> <svg/onload=document.title='owned'>",
    "\u202eevil gnp.exe \u2066 marks \u200f that turn the line",
]

Open = Callable[..., Page]


@contextmanager
def window(browser: Any, site: Site, person: Person, **options: Any) -> Iterator[Page]:
    """A window of somebody who is logged in. What its console complains of fails the test."""
    context = browser.new_context(base_url=site.url, **options)
    context.add_cookies(
        [{"name": person.cookie_name, "value": person.session, "url": site.url}],
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    # A server that is away is no fault of the page.
    faults = [text for text in complaints if "ERR_CONNECTION" not in text and "ws://" not in text]
    assert not faults, faults


@pytest.fixture
def open_as(browser: Any, site: Site) -> Iterator[Open]:
    """`open_as("alice", "/rooms/…/")` is a page of Alice's own browser."""
    with ExitStack() as windows:

        def open_(name: str, path: str, **options: Any) -> Page:
            page = windows.enter_context(window(browser, site, site.user(name), **options))
            page.goto(path)
            if "/rooms/" in path and path != "/rooms/":
                expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
            return page

        yield open_


def say(page: Page, text: str) -> None:
    box = page.get_by_label("Message", exact=True)
    box.fill(text)
    box.press("Enter")


def message(page: Page, text: str) -> Any:
    return page.locator("[data-entries] > .message", has_text=text)


def bodies(page: Page) -> list[str]:
    return page.locator("[data-entries] > .message .body").all_inner_texts()


def job_card(page: Page, title: str) -> Any:
    return page.get_by_role("article", name=f"Job: {title}")


def state_of(page: Page, title: str) -> Any:
    return page.locator(".entry.job", has=job_card(page, title)).last


def test_logging_in_leads_to_a_room_and_a_conversation(browser: Any, site: Site) -> None:
    site.room("entrance", "alice", "bob")
    alice = site.user("alice")
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username or e-mail").fill(alice.username)
    page.get_by_label("Password").fill(alice.password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Entrance", exact=True).first.click()
    expect(page).to_have_url(f"{site.url}/rooms/entrance/")
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    say(page, "I am in")
    expect(message(page, "I am in")).to_have_attribute("data-state", "sent")
    context.close()


def test_two_people_talk(site: Site, open_as: Open) -> None:
    site.room("plaza", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/plaza/"), open_as("bob", "/rooms/plaza/")
    bob.get_by_label("Message", exact=True).press_sequentially("Hello A")
    expect(alice.locator("[data-typing]")).to_contain_text("is typing")
    say(bob, "Hello Alice")
    expect(message(alice, "Hello Alice")).to_be_visible()
    expect(alice.locator("[data-typing]")).to_be_empty()
    for number in range(5):
        say(alice, f"answer {number}")
    expect(message(bob, "answer 4")).to_be_visible()
    expect(alice.locator("[data-entries] > [data-state=pending]")).to_have_count(0)
    assert bodies(alice) == bodies(bob)
    alice.reload()
    expect(message(alice, "answer 4")).to_be_visible()
    assert bodies(alice) == bodies(bob)


def test_what_is_hostile_stays_text(site: Site, open_as: Open) -> None:
    site.room("arena", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/arena/"), open_as("bob", "/rooms/arena/")
    for text in HOSTILE:
        say(bob, text)
    say(bob, "the last word")
    for page in (alice, bob):
        expect(message(page, "the last word")).to_be_visible()
        assert page.locator(".body").get_by_text("onerror").count() == 1
        assert page.locator(".body :is(script, img, svg, [onload], [onerror])").count() == 0
        links = page.locator(".body a").evaluate_all("all => all.map((each) => each.href)")
        assert not [link for link in links if not link.startswith("http")]
        expect(page).to_have_title(re.compile("Arena"))
    alice.reload()
    expect(message(alice, "the last word")).to_be_visible()


def test_older_messages_come_when_scrolling_up(site: Site, open_as: Open) -> None:
    site.room("archive", "alice", "bob")
    with site.api(site.user("bob")) as api:
        for number in range(120):
            api.post("/rooms/archive/messages", json={"body": f"line {number}"}).raise_for_status()
    page = open_as("alice", "/rooms/archive/")
    expect(message(page, "line 119")).to_be_visible()
    assert message(page, "line 60").count() == 0
    stream = page.locator("[data-stream]")
    top = page.locator("[data-stream-top] .start")
    while top.count() == 0:
        before = page.locator("[data-entries] > .message").count()
        stream.evaluate("stream => (stream.scrollTop = 0)")
        page.wait_for_function(
            "before => document.querySelectorAll('[data-entries] > .message').length > before"
            " || document.querySelector('[data-stream-top] .start')",
            arg=before,
        )
    assert [text for text in bodies(page)] == [f"line {number}" for number in range(120)]


def test_a_lost_connection_shows_and_heals(site: Site, open_as: Open) -> None:
    site.room("harbour", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/harbour/"), open_as("bob", "/rooms/harbour/")
    say(bob, "before")
    expect(message(alice, "before")).to_be_visible()
    site.web.kill()
    bar = alice.locator("[data-connection]")
    say(alice, "while it is away")
    expect(message(alice, "while it is away")).to_have_attribute("data-state", "pending")
    expect(bar).to_contain_text("Reconnecting")
    site.web.start()
    for page in (alice, bob):
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open", timeout=40_000)
        expect(message(page, "while it is away")).to_have_attribute("data-state", "sent")
    expect(bar).to_be_hidden()
    say(bob, "after")
    expect(message(alice, "after")).to_be_visible()
    assert bodies(alice) == bodies(bob) == ["before", "while it is away", "after"]


def test_what_is_not_sent_survives_a_reload(site: Site, open_as: Open) -> None:
    site.room("attic", "alice")
    page = open_as("alice", "/rooms/attic/")
    page.context.set_offline(True)
    say(page, "kept")
    expect(message(page, "kept")).to_have_attribute("data-state", "pending")
    page.context.set_offline(False)
    page.reload()
    expect(message(page, "kept")).to_have_attribute("data-state", "sent")
    expect(message(page, "kept")).to_have_count(1)


def test_unread_rooms_are_counted_and_read(site: Site, open_as: Open) -> None:
    site.room("here", "alice", "bob")
    site.room("there", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/here/"), open_as("bob", "/rooms/there/")
    link = alice.locator("[data-rooms] [data-room=there]")
    say(bob, "one")
    say(bob, "two")
    expect(link).to_have_attribute("data-unread", "2")
    expect(alice).to_have_title(re.compile(r"^\(\d+\) Here"))
    link.click()
    expect(alice).to_have_url(f"{site.url}/rooms/there/")
    expect(alice.get_by_role("separator", name="New messages")).to_be_visible()
    expect(message(alice, "two")).to_be_visible()
    expect(alice).to_have_title(re.compile("There"))
    alice.go_back()
    expect(alice).to_have_url(f"{site.url}/rooms/here/")
    expect(link).not_to_have_attribute("data-unread", re.compile("."))


def test_a_job_lives_in_the_room(site: Site, open_as: Open) -> None:
    site.room("office", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/office/"), open_as("bob", "/rooms/office/")
    say(alice, "something to count")
    say(alice, "/job room.report days=3")
    for page in (alice, bob):
        expect(state_of(page, "Room report")).to_have_attribute("data-state", "succeeded")
        card = job_card(page, "Room report")
        expect(card).to_contain_text("1 message by one person")
        expect(card.get_by_role("cell", name="Alice")).to_be_visible()
        picture = card.get_by_role("img")
        expect(picture).to_be_visible()
        page.wait_for_function(
            "() => [...document.querySelectorAll('.job-card img')].every((img) => img.naturalWidth)"
        )
    assert bob.locator(".entry.job").count() == alice.locator(".entry.job").count() == 1
    job_card(bob, "Room report").get_by_role("button", name="Details").click()
    expect(job_card(bob, "Room report")).to_contain_text("Attempt 1")
    bob.reload()
    expect(state_of(bob, "Room report")).to_have_attribute("data-state", "succeeded")


def test_a_running_job_moves_and_can_be_cancelled_and_retried(site: Site, open_as: Open) -> None:
    site.room("workshop", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/workshop/"), open_as("bob", "/rooms/workshop/")
    say(alice, "/job test.outcome outcome=slow steps=600 seconds=0.1")
    for page in (alice, bob):
        expect(state_of(page, "Test")).to_have_attribute("data-state", "running")
        bar = job_card(page, "Test").get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"))
        expect(page.locator("[data-running-jobs]")).to_contain_text("Test")
    expect(job_card(bob, "Test").get_by_role("button", name="Cancel")).to_be_hidden()
    job_card(alice, "Test").get_by_role("button", name="Cancel").click()
    for page in (alice, bob):
        expect(state_of(page, "Test")).to_have_attribute("data-state", "cancelled")
        expect(page.locator("[data-running-jobs]")).to_be_hidden()
    job_card(alice, "Test").get_by_role("button", name="Retry").click()
    expect(state_of(bob, "Test")).to_have_attribute("data-state", "running")
    job_card(alice, "Test").get_by_role("button", name="Cancel").click()
    expect(state_of(bob, "Test")).to_have_attribute("data-state", "cancelled")


def test_a_command_that_is_refused_says_why_where_it_was_typed(site: Site, open_as: Open) -> None:
    site.room("desk", "alice")
    page = open_as("alice", "/rooms/desk/")
    say(page, "/job room.report days=none")
    expect(page.get_by_role("alert")).to_contain_text("days")
    expect(page.get_by_label("Message", exact=True)).to_have_value("/job room.report days=none")
    assert message(page, "/job").count() == 0


def test_a_phone_shows_the_list_or_the_room(site: Site, open_as: Open) -> None:
    site.room("pocket", "alice")
    page = open_as(
        "alice", "/rooms/pocket/", viewport={"width": 360, "height": 740}, has_touch=True
    )
    expect(page.get_by_role("heading", name="Pocket", exact=True)).to_be_visible()
    page.get_by_role("button", name="Back to the list of rooms").tap()
    expect(page.get_by_role("heading", name="Pocket", exact=True)).to_be_hidden()
    page.locator("[data-rooms] [data-room=pocket]").tap()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
