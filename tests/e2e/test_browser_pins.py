"""Pinning in real browsers: who looks after the room pins, everybody finds it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_links import ANSWER, DELETE, expect_shown, id_of
from tests.e2e.test_browser_places import FILL
from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def pins(page: Page) -> Any:
    return page.locator("[data-pins] li")


def test_a_message_is_pinned_and_found(site: Site, open_as: Open) -> None:
    site.room("board", "alice", "bob")
    site.ask(FILL.format(room="board", count=300))
    old = id_of(site, "board", "line 0020")
    site.ask(
        "from rooms.features.pins.actions import pin\n"
        f"result = pin(User.objects.get(username='alice'), 'board', {old})"
    )
    alice, bob = open_as("alice", "/rooms/board/"), open_as("bob", "/rooms/board/")
    # What is not loaded is asked for.
    for page in (alice, bob):
        expect(pins(page)).to_have_count(1)
        expect(pins(page)).to_contain_text("line 0020")
        expect(pins(page)).to_contain_text("Pinned by Alice")
    say(bob, "the rules")
    row = message(alice, "the rules")
    expect(row).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Pin the message of Bob: the rules").click()
    expect(alice.locator("[data-toast]")).to_have_text("Pinned")
    for page in (alice, bob):
        expect(pins(page)).to_have_count(2)
        expect(pins(page).first).to_contain_text("the rules")
    # Bob does not look after the room.
    message(bob, "the rules").hover()
    expect(message(bob, "the rules").locator("[data-action=link]")).to_be_visible()
    expect(message(bob, "the rules").locator("[data-action=pin]")).to_have_count(0)
    pins(bob).last.get_by_role("link").click()
    expect_shown(bob, "line 0020")
    bob.go_back()
    expect(message(bob, "the rules")).to_be_in_viewport()
    # By keyboard it is unpinned and pinned again.
    row.focus()
    alice.keyboard.press("p")
    expect(pins(bob)).to_have_count(1)
    alice.keyboard.press("p")
    expect(pins(bob)).to_have_count(2)
    site.ask(DELETE.format(room="board", id=id_of(site, "board", "the rules")))
    for page in (alice, bob):
        expect(pins(page)).to_have_count(1)
        page.reload()
        expect(pins(page)).to_have_count(1)


def test_a_phone_goes_from_the_details_to_the_message(site: Site, open_as: Open) -> None:
    site.room("rail", "alice", "bob")
    site.ask(FILL.format(room="rail", count=100))
    said = site.ask(ANSWER.format(who="alice", room="rail", body="meet at nine", to=None))
    page = open_as("alice", "/rooms/rail/", **PHONE)
    expect(page.locator("[data-pins]")).to_be_hidden()
    message(page, "meet at nine").tap()
    message(page, "meet at nine").locator("[data-action=pin]").tap()
    expect(page.locator("[data-toast]")).to_have_text("Pinned")
    page.locator("[data-details-toggle]").tap()
    expect(pins(page)).to_contain_text("meet at nine")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    pins(page).get_by_role("link").tap()
    expect_shown(page, "meet at nine")
    expect(page.locator("[data-shell]")).to_have_attribute("data-details", "closed")
    expect(page).to_have_url(f"{site.url}/rooms/rail/{said}")
