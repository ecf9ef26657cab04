"""A job that asks the room, in two real browsers: who may answers, both see it, once."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PATIENCE = 30_000 * SCALE


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=f"Job: {title}").last


def asks(page: Page, title: str, text: str) -> Locator:
    """The card of the job that asks this now."""
    found = card(page, title)
    expect(found.locator("[data-question]")).to_contain_text(text, timeout=PATIENCE)
    return found


def test_an_approval_waits_for_a_moderator(site: Site, open_as: Open) -> None:
    site.room("releases", "alice", "bob")
    alice, bob = (open_as(name, "/rooms/releases/") for name in ("alice", "bob"))
    say(bob, '/job room.approval text="Deploy 2.3 to *production*?"')
    hers, his = (asks(page, "Approval", "Deploy 2.3 to *production*?") for page in (alice, bob))
    expect(his).to_contain_text("Waits for an answer")
    expect(his.get_by_role("button", name="Approve")).to_be_disabled()
    expect(his).to_contain_text("Only the room's moderators can answer, until ")
    expect(his.get_by_role("button", name="Cancel")).to_be_visible()

    said = hers.locator("[data-said]")
    expect(said).to_have_text("Approval asks: Deploy 2.3 to *production*?")
    group = hers.get_by_role("group", name="Deploy 2.3 to *production*?")
    expect(group).to_have_accessible_description(re.compile("^Until "))
    group.get_by_role("button", name="Approve").focus()
    alice.keyboard.press("Enter")
    for each in (hers, his):
        expect(each.locator("[data-answers]")).to_contain_text("Alice\u2069 answered Approve")
        expect(each.locator("[data-question]")).to_be_hidden()
        expect(each).to_contain_text("Succeeded", timeout=PATIENCE)
        expect(each).to_contain_text("Approved by Alice: Deploy 2.3")
        expect(each).not_to_contain_text("attempt 2")
    expect(hers.get_by_role("button", name="Details")).to_be_focused()
    his.get_by_role("button", name="Details").click()
    expect(his.locator(".job-attempts")).to_contain_text("Asked")

    bob.reload()
    expect(card(bob, "Approval").locator("[data-answers]")).to_contain_text("answered Approve")


def test_the_first_of_two_answers_counts_and_a_text_is_typed(site: Site, open_as: Open) -> None:
    site.room("planning", "alice", "bob")
    alice, bob = (open_as(name, "/rooms/planning/") for name in ("alice", "bob"))
    say(bob, '/job test.ask choices="[]" asks=2')
    hers, his = (asks(page, "Ask", "Go *on*?") for page in (alice, bob))
    field = hers.get_by_role("textbox", name="Go *on*?")
    field.fill("In June")
    his.get_by_role("textbox", name="Go *on*?").fill("Never")
    field.press("Enter")
    asks(alice, "Ask", "And 1?")
    expect(his.locator("[data-answers]")).to_contain_text("Alice\u2069 answered In June")
    asks(bob, "Ask", "And 1?")
    second = his.get_by_role("textbox", name="And 1?")
    expect(second).to_have_value("")
    second.fill("In July")
    his.get_by_role("button", name="Answer").click()
    expect(hers).to_contain_text("Succeeded", timeout=PATIENCE)
    expect(hers.locator("[data-answers] li")).to_have_count(2)


def test_the_slash_command_answers_and_the_asking_is_a_message(site: Site, open_as: Open) -> None:
    site.room("harbour", "alice", "bob")
    alice, bob = (open_as(name, "/rooms/harbour/") for name in ("alice", "bob"))
    say(bob, "/job test.ask")
    asks(alice, "Ask", "Go *on*?")
    say(bob, "The asking stands above this.")
    expect(message(alice, "The asking stands above this.")).to_be_visible()
    say(alice, "/answer perhaps")
    expect(alice.get_by_text("The answer is one of: Yes, No.")).to_be_visible()
    say(alice, "/answer yes")
    told = alice.get_by_role("status").filter(has_text="You have answered Ask: Yes")
    expect(told).to_be_visible()
    expect(card(bob, "Ask")).to_contain_text("Succeeded", timeout=PATIENCE)
    say(alice, "/answer yes")
    expect(alice.get_by_text("No job in this room waits for an answer of yours.")).to_be_visible()
