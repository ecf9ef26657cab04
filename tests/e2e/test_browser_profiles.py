"""People as themselves: one's own page, cards, and a name that changes under others' eyes."""

import os

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

# As in `test_browser_room`: what the page does, on one database.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)

PHONE = {"width": 360, "height": 740}
MARKUP = "<img src=x onerror=alert(1)>"


def card(page: Page) -> Locator:
    return page.locator("[data-person-card]")


def snap(page: Page, name: str) -> None:
    """Where `TEST_PICTURES` says, for somebody to look at."""
    if folder := os.environ.get("TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", animations="disabled")


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_name_changes_in_open_pages_of_others(site: Site, open_as: Open, size: object) -> None:
    slug = "harbour" if size is None else "quay"
    options = {"viewport": size} if size else {}
    site.room(slug, "alice", "bob")
    his = open_as("bob", f"/rooms/{slug}/", **options)
    say(his, f"High tide at nine in {slug}")
    page = open_as("alice", f"/rooms/{slug}/", **options)
    expect(message(page, "High tide").last).to_contain_text("Bob")

    if size:
        his.get_by_role("button", name="Back to the list of rooms").click()
    his.get_by_label("Account and settings").click()
    snap(his, f"menu-{slug}")
    his.get_by_role("link", name="Profile").click()
    his.get_by_label("Your name").fill(f"Robert {MARKUP}")
    his.get_by_label("Pronouns").fill("he/him <b>")
    his.get_by_label("About you").fill(f"Tides & {MARKUP}")
    his.get_by_role("button", name="Save").click()
    expect(his.get_by_role("status")).to_contain_text("Saved")
    snap(his, f"profile-{slug}")

    # Without a reload: over what he said before, in the list of members, and in his own page.
    author = message(page, "High tide").last.get_by_role("button", name="Robert")
    expect(author).to_have_text(f"Robert {MARKUP}")
    if size:
        page.get_by_role("button", name="members, show details").click()
    expect(page.locator("[data-members]")).to_contain_text(f"Robert {MARKUP}")
    if size:
        page.get_by_role("button", name="Close the details").click()
    author.click()
    expect(card(page)).to_contain_text("bob · he/him <b>")
    expect(card(page)).to_contain_text(f"Tides & {MARKUP}")
    expect(card(page)).to_contain_text("Member of this room")
    snap(page, f"card-{slug}")
    expect(card(page).locator("img")).to_have_count(0)
    box = card(page).bounding_box()
    width = page.evaluate("innerWidth")
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    site.ask(
        "User.objects.filter(username='bob').update(first_name='Bob', renames_renewed_at=None)"
    )


def test_cards_open_by_keyboard_and_from_the_members(site: Site, open_as: Open) -> None:
    site.room("mill", "alice", "bob")
    his = open_as("bob", "/rooms/mill/")
    say(his, "Flour is out")
    page = open_as("alice", "/rooms/mill/")
    expect(message(page, "Flour")).to_be_visible()
    message(page, "Flour").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Bob")).to_contain_text("Member of this room")
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    # The keyboard is where it was.
    expect(message(page, "Flour").get_by_role("button", name="Bob", exact=True)).to_be_focused()
    page.locator("[data-members]").get_by_role("button", name="Alice", exact=True).click()
    expect(card(page)).to_contain_text("Owner of this room")
    card(page).get_by_role("button", name="Edit your profile").click()
    page.wait_for_url("**/profile/")
    page.get_by_role("link", name="Password").click()
    page.get_by_role("link", name="Profile").click()
    expect(page.get_by_label("Your name")).to_have_value("Alice")

    # Who has left is not found any more: the name stands there, and nothing else.
    site.ask("actions.leave(User.objects.get(username='bob'), 'mill')")
    page.goto("/rooms/mill/")
    message(page, "Flour").get_by_role("button", name="Bob", exact=True).click()
    expect(card(page)).to_contain_text("Not in this room any more.")
