"""The page of a room in a real browser: what it keeps, counts, and leaves where it is."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.line import Line
from tests.support.pages import Open, message, say, window
from tests.support.site import Site
from tests.support.waiting import SCALE

# What the page does in the browser. `test_browser` has the whole way, on both databases.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)


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


def test_who_goes_on_typing_after_a_message_is_seen_to(site: Site, open_as: Open) -> None:
    site.room("parley", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/parley/"), open_as("bob", "/rooms/parley/")
    for name in ("Alice", "Bob"):
        expect(alice.locator(f"[data-member={name}][data-present]")).to_be_attached()
    box, typing = alice.get_by_label("Message", exact=True), bob.locator("[data-typing]")
    box.press_sequentially("First")
    expect(typing).to_contain_text("is typing")
    # The first key of the next one comes before the server has the message, which ends it.
    os.kill(site.web.pid, signal.SIGSTOP)
    try:
        box.press("Enter")
        box.press_sequentially("t")
    finally:
        os.kill(site.web.pid, signal.SIGCONT)
    expect(message(bob, "First")).to_be_visible()
    expect(message(alice, "First")).to_have_attribute("data-state", "sent")
    box.press_sequentially("h")
    expect(typing).to_contain_text("is typing")


def test_a_command_that_is_refused_says_why_where_it_was_typed(site: Site, open_as: Open) -> None:
    site.room("desk", "alice")
    page = open_as("alice", "/rooms/desk/")
    say(page, "/job room.report days=none")
    expect(page.get_by_role("alert")).to_contain_text("days")
    expect(page.get_by_label("Message", exact=True)).to_have_value("/job room.report days=none")
    expect(message(page, "/job")).to_have_count(0)


def test_the_reader_stays_where_they_are(site: Site, open_as: Open) -> None:
    """History comes above, news below, a job's card grows: the line that is read does not move."""
    site.room("library", "alice", "bob")
    with site.api(site.user("bob")) as api:

        def post(text: str) -> None:
            api.post("/rooms/library/messages", json={"body": text}).raise_for_status()

        for number in range(120):
            post(f"line {number} " + "and so on " * (number % 30))
        page = open_as("alice", "/rooms/library/")
        line = message(page, "line 75 ")
        line.scroll_into_view_if_needed()
        page.locator("[data-stream]").evaluate("stream => (stream.scrollTop = 40)")
        seen = page.evaluate(
            """() => {
                const top = document.querySelector("[data-stream]").getBoundingClientRect().top;
                const rows = [...document.querySelectorAll("[data-entries] > [data-seq]")];
                const row = rows.find((each) => each.getBoundingClientRect().bottom > top);
                return [row.dataset.seq, row.getBoundingClientRect().top];
            }"""
        )
        place = (
            "([seq]) => document.querySelector(`[data-seq='${seq}']`).getBoundingClientRect().top"
        )
        expect(message(page, "line 20 ")).to_have_count(1)
        assert page.evaluate(place, seen) == pytest.approx(seen[1], abs=1)
        post("something new")
        expect(page.locator("[data-jump]")).to_contain_text("1 new message")
        assert page.evaluate(place, seen) == pytest.approx(seen[1], abs=1)
        page.locator("[data-jump]").click()
        expect(message(page, "something new")).to_be_in_viewport()


def test_a_reply_by_keyboard_alone(site: Site, open_as: Open) -> None:
    site.room("quiet", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/quiet/"), open_as("bob", "/rooms/quiet/")
    say(bob, "Tea or coffee?")
    say(bob, "There are biscuits, too.")
    expect(message(alice, "biscuits")).to_be_visible()
    box = alice.get_by_label("Message", exact=True)
    box.press("Shift+Tab")
    expect(message(alice, "biscuits")).to_be_focused()
    alice.keyboard.press("ArrowUp")
    expect(message(alice, "Tea or coffee")).to_be_focused()
    alice.keyboard.press("r")
    expect(box).to_be_focused()
    expect(alice.locator("[data-replying]")).to_contain_text("Tea or coffee?")
    box.press_sequentially("Tea, please")
    box.press("Enter")
    expect(message(bob, "Tea, please").locator("[data-reply-to]")).to_contain_text("Tea or coffee?")


def test_a_room_is_found_by_a_few_letters(site: Site, open_as: Open) -> None:
    site.room("observatory", "alice")
    site.room("orchard", "alice")
    page = open_as("alice", "/rooms/observatory/")
    page.keyboard.press("Control+k")
    finder = page.get_by_role("dialog", name="Find a room")
    finder.get_by_role("combobox").press_sequentially("orch")
    # And the offer to search messages for it.
    expect(finder.get_by_role("option")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/rooms/orchard/")
    expect(page.get_by_role("heading", name="Orchard", exact=True)).to_be_visible()


def test_a_page_asks_for_all_its_modules_at_once(site: Site, open_as: Open) -> None:
    """Found one after the other, they would cost a distant browser a round trip a level."""
    site.room("library-of-scripts", "alice")
    for path in ("/rooms/library-of-scripts/", "/rooms/"):
        page = open_as("alice", path)
        page.wait_for_load_state("networkidle")
        named, loaded = page.evaluate(
            """() => [
                [...document.querySelectorAll("link[rel=modulepreload], script[src]")]
                    .map((each) => each.href ?? each.src),
                performance.getEntriesByType("resource").map((each) => each.name)
                    .filter((name) => name.endsWith(".js")),
            ]"""
        )
        assert len(named) > 10
        assert sorted(named) == sorted(loaded)


def test_a_line_that_dies_without_a_word(browser: Any, site: Site, open_as: Open) -> None:
    """What is said on it arrives by another one, long before the silence would be noticed."""
    site.room("cabin", "alice", "bob")
    bob = open_as("bob", "/rooms/cabin/")
    with Line(site.port) as line, window(browser, site, site.user("alice")) as alice:
        alice.goto(f"{line.url}/rooms/cabin/")
        expect(alice.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        say(alice, "Before")
        expect(message(alice, "Before")).to_have_attribute("data-state", "sent")
        assert line.cut() == 1
        say(bob, "Can you hear me?")
        say(alice, "Hello?")
        expect(message(alice, "Hello?")).to_have_attribute("data-state", "pending")
        expect(message(bob, "Hello?")).to_have_count(1, timeout=40_000)
        expect(message(alice, "Can you hear me?")).to_be_visible()
        expect(message(alice, "Hello?")).to_have_attribute("data-state", "sent")
        expect(message(alice, "Hello?")).to_have_count(1)


def test_a_room_that_is_chosen_offline_opens_when_the_network_is_back(
    site: Site, open_as: Open
) -> None:
    site.room("shed", "alice")
    site.room("barn", "alice")
    page = open_as("alice", "/rooms/shed/")
    page.context.set_offline(True)
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "offline")
    say(page, "Is anybody here?")
    link = page.get_by_role("navigation", name="Your rooms").get_by_role("link", name="Barn")
    link.click()
    expect(link).to_contain_text("Opens once connected")
    expect(page.get_by_role("heading", name="Shed", exact=True)).to_be_visible()
    page.context.set_offline(False)
    expect(page).to_have_url(f"{site.url}/rooms/barn/")
    expect(page.get_by_role("heading", name="Barn", exact=True)).to_be_visible()
    expect(link).not_to_contain_text("Opens")
    page.go_back()
    expect(message(page, "Is anybody here?")).to_have_attribute("data-state", "sent")


def test_what_is_typed_after_choosing_a_room_is_for_that_room(site: Site, open_as: Open) -> None:
    site.room("den", "alice")
    site.room("loft", "alice")
    page = open_as("alice", "/rooms/den/")
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("Half a thought")
    held: list[Any] = []
    page.route("**/rooms/loft/state/", lambda route: held.append(route))
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Find a room").get_by_role("combobox").fill("loft")
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.type(" about")
    # Chosen twice, it is still what was typed since the first time.
    page.get_by_role("navigation", name="Your rooms").get_by_role("link", name="Loft").click()
    box.focus()
    page.keyboard.press("End")
    page.keyboard.type(" the loft")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Opening…")).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", name="Loft", exact=True)).to_be_visible()
    expect(box).to_have_value(" about the loft")
    box.press("Enter")
    expect(message(page, "about the loft")).to_have_attribute("data-state", "sent")
    page.go_back()
    expect(page.get_by_role("heading", name="Den", exact=True)).to_be_visible()
    expect(box).to_have_value("Half a thought")
    expect(message(page, "about the loft")).to_have_count(0)
    # Who goes on writing where they are does not wait for another room any more.
    page.route("**/rooms/loft/state/", lambda route: route.abort())
    page.get_by_role("navigation", name="Your rooms").get_by_role("link", name="Loft").click()
    expect(page.get_by_text("Opens once connected")).to_be_visible()
    box.press_sequentially(", finished")
    expect(page.get_by_text("Opens once connected")).to_have_count(0)
    box.press("Enter")
    expect(message(page, "Half a thought, finished")).to_have_attribute("data-state", "sent")


@pytest.fixture(scope="module")
def narrow() -> Iterator[Site]:
    with Site({"PARLEY_PRESENCE_NAMES": "1", "PARLEY_RESUME_EVENTS": "20"}, ("web",)) as running:
        yield running


def test_a_large_room_says_how_many_are_here(browser: Any, narrow: Site) -> None:
    site = narrow
    with ExitStack() as windows:
        room = site.room("hall", "alice", "bob")
        alice = windows.enter_context(window(browser, site, site.user("alice")))
        alice.goto(f"/rooms/{room}/")
        expect(alice.locator("[data-member=Alice][data-present]")).to_be_attached()
        bob = windows.enter_context(window(browser, site, site.user("bob")))
        bob.goto(f"/rooms/{room}/")
        for page in (alice, bob):
            expect(page.locator("[data-members-number]")).to_have_text("2, 2 here")
            expect(page.locator("[data-member=Alice] [data-dot]")).to_be_hidden()


def test_who_missed_too_much_gets_the_page_anew(browser: Any, narrow: Site) -> None:
    site = narrow
    with ExitStack() as windows:
        room = site.room("archive", "alice", "bob")
        page = windows.enter_context(window(browser, site, site.user("alice")))
        page.goto(f"/rooms/{room}/")
        say(page, "before")
        expect(message(page, "before")).to_have_attribute("data-state", "sent")
        site.web.kill()
        site.ask(
            "bob = User.objects.get(username='bob')\n"
            f"posts = [actions.Post(bob, {room!r}, f'missed {{n:02}}') for n in range(40)]\n"
            "result = len(actions.post_messages(posts))\n"
        )
        site.web.start()
        expect(message(page, "missed 39")).to_be_visible(timeout=60_000 * SCALE)
        for number in range(40):
            expect(message(page, f"missed {number:02}")).to_have_count(1)
        expect(message(page, "before")).to_have_count(1)
        say(page, "after")
        expect(message(page, "after")).to_have_attribute("data-state", "sent")
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
