"""Threads in real browsers: read and written beside the room, by mouse, keyboard and on a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_links import id_of
from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def thread(page: Page) -> Any:
    return page.get_by_role("region", name="Thread")


def rows(page: Page) -> Any:
    return thread(page).locator("[data-thread-entries] > .message")


def reply(page: Page, text: str) -> None:
    box = thread(page).get_by_label("Reply in the thread", exact=True)
    box.fill(text)
    box.press("Enter")


def in_stream(page: Page, text: str) -> Any:
    return page.locator("[data-entries] > .message", has_text=text)


def open_thread(page: Page, text: str) -> None:
    in_stream(page, text).hover()
    in_stream(page, text).get_by_role("button", name=re.compile("^Open the thread")).click()
    expect(thread(page)).to_be_visible()


def test_two_people_talk_beside_the_room(site: Site, open_as: Open) -> None:
    site.room("harbour", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/harbour/"), open_as("bob", "/rooms/harbour/")
    say(alice, "Where to?")
    say(alice, "Something else")
    open_thread(bob, "Where to?")
    expect(rows(bob)).to_have_count(1)
    reply(bob, "South")
    expect(rows(bob)).to_have_count(2)
    link = in_stream(alice, "Where to?").get_by_role("button", name=re.compile("^1 reply"))
    link.click()
    expect(rows(alice)).to_have_count(2)
    expect(rows(alice).last).to_contain_text("South")
    # That it answers the root goes without saying; the stream has the order of the room.
    expect(rows(alice).last.locator("[data-reply-to]")).to_have_count(0)
    expect(in_stream(alice, "South").locator("[data-reply-to]")).to_be_visible()
    reply(alice, "How far?")
    for page in (alice, bob):
        expect(rows(page)).to_have_count(3)
        expect(in_stream(page, "Where to?").locator(".replies")).to_contain_text("2 replies")
    # What is done to a message is seen in both places.
    rows(bob).last.hover()
    rows(bob).last.get_by_role("button", name=re.compile("^React to")).click()
    bob.get_by_role("dialog", name="Choose an emoji").get_by_role("button", name="👍").click()
    expect(rows(alice).last.locator(".reaction[aria-pressed]")).to_have_text("👍1")
    expect(in_stream(alice, "How far?").locator(".reaction[aria-pressed]")).to_have_text("👍1")
    # Who replies follows, and may stop.
    following = thread(bob).get_by_role("button", name="Following")
    expect(following).to_have_attribute("aria-pressed", "true")
    following.click()
    expect(thread(bob).get_by_role("button", name="Follow", exact=True)).to_be_visible()
    thread(bob).get_by_role("button", name="Close the thread").click()
    expect(thread(bob)).to_be_hidden()
    expect(bob.get_by_role("heading", name="Details")).to_be_visible()


def test_by_keyboard_and_after_a_reload(site: Site, open_as: Open) -> None:
    site.room("quay", "alice", "bob")
    page = open_as("alice", "/rooms/quay/")
    say(page, "The beginning")
    row = in_stream(page, "The beginning")
    expect(row).to_have_attribute("data-state", "sent")
    row.focus()
    page.keyboard.press("t")
    field = thread(page).get_by_label("Reply in the thread", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("not yet said")
    page.keyboard.press("Escape")
    expect(thread(page)).to_be_hidden()
    expect(row).to_be_focused()
    page.reload()
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    row.focus()
    page.keyboard.press("t")
    expect(field).to_have_value("not yet said")
    field.press("Enter")
    expect(rows(page).last).to_contain_text("not yet said")
    expect(field).to_have_value("")
    reply(page, "/topic nothing")
    expect(thread(page).get_by_role("alert")).to_contain_text("Commands are for the room")
    # Another room has nothing of it.
    site.room("pier", "alice")
    page.goto("/rooms/pier/")
    expect(thread(page)).to_be_hidden()


def test_a_long_thread_and_a_lost_line(site: Site, open_as: Open) -> None:
    site.room("shed", "alice", "bob")
    root = site.ask(
        "bob = User.objects.get(username='bob')\n"
        "root = actions.post_message(actions.Post(bob, 'shed', 'long ago'))['id']\n"
        "for n in range(0, 130, 10):\n"
        "    actions.post_messages([actions.Post(bob, 'shed', f'reply {n + m:03}', reply_to=root)"
        " for m in range(10)])\n"
        "result = root"
    )
    assert root == id_of(site, "shed", "long ago")
    page = open_as("alice", "/rooms/shed/")
    last = in_stream(page, "reply 129")
    last.hover()
    last.get_by_role("button", name=re.compile("^Open the thread")).click()
    # Where the room is read its root is not held: it comes with the thread.
    expect(rows(page).first).to_contain_text("long ago")
    expect(rows(page)).to_have_count(51)
    earlier = thread(page).get_by_role("button", name="Show earlier replies")
    earlier.click()
    expect(rows(page)).to_have_count(101)
    earlier.click()
    expect(rows(page)).to_have_count(131)
    expect(earlier).to_be_hidden()
    page.context.set_offline(True)
    reply(page, "said without a line")
    expect(rows(page).last).to_have_attribute("data-state", "pending")
    page.context.set_offline(False)
    expect(rows(page).last).to_have_attribute("data-state", "sent")
    expect(rows(page)).to_have_count(132)


def test_on_a_phone(site: Site, open_as: Open) -> None:
    site.room("boat", "alice", "bob")
    site.ask(
        "bob = User.objects.get(username='bob')\n"
        "root = actions.post_message(actions.Post(bob, 'boat', 'A question'))['id']\n"
        "actions.post_message(actions.Post(bob, 'boat', 'An answer', reply_to=root))"
    )
    page = open_as("alice", "/rooms/boat/", **PHONE)
    in_stream(page, "A question").locator(".replies").tap()
    expect(thread(page)).to_be_visible()
    field = thread(page).get_by_label("Reply in the thread", exact=True)
    field.fill("From the phone")
    thread(page).get_by_role("button", name="Send the reply").tap()
    expect(rows(page)).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    thread(page).get_by_role("button", name="Close the thread").tap()
    expect(message(page, "From the phone")).to_be_in_viewport()
