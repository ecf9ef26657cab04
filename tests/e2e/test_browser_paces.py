"""What a room says of itself, who may post in it, and how often: two people who look at once."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

# As in `test_browser_room`: what the page does, on one database.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
expect.set_options(timeout=15_000 * SCALE)


def details(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details of the room")


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def settings(page: Page, **chosen: str) -> None:
    """Choose in the dialog, by the names of its fields, and save."""
    if not details(page).is_visible():
        page.locator("[data-details-toggle]").click()
    details(page).get_by_role("button", name="Room settings").click()
    dialog = page.get_by_role("dialog", name="Room settings")
    for name, value in chosen.items():
        field = dialog.locator(f"[name={name}]")
        field.fill(value) if name == "description" else field.select_option(value)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_room_says_more(site: Site, open_as: Open, size: dict[str, int]) -> None:
    slug = f"forum-{size['width']}"
    site.room(slug, "alice", "bob")
    page = open_as("alice", f"/rooms/{slug}/", viewport=WIDE)
    his = open_as("bob", f"/rooms/{slug}/", viewport=size)
    settings(page, description="Ask **anything**, and\n\n- be kind", slow_mode="300")
    if size is PHONE:
        his.locator("[data-details-toggle]").click()
    for each in (page, his):
        expect(each.locator("[data-description] strong")).to_have_text("anything")
        expect(each.locator("[data-description] li")).to_have_text("be kind")
    wide: Any = his.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"]
    if size is PHONE:
        his.locator("[data-details-close]").click()

    # Slow mode: the second one stays in the field, with what it answers.
    expect(box(his)).to_have_attribute(
        "placeholder", f"Message {slug.title()} (slow mode: one in 5 min)"
    )
    say(his, "the first")
    expect(message(page, "the first")).to_be_visible()
    say(his, "the second")
    expect(his.locator("[data-composer-error]")).to_contain_text(
        "Slow mode: you can post here again in"
    )
    expect(box(his)).to_have_value("the second")
    expect(message(his, "the second")).to_have_count(0)
    his.reload()
    expect(box(his)).to_have_value("the second")
    for text in ("one", "two"):
        say(page, text)
        expect(message(his, text)).to_be_visible()

    # Where only moderators post, there is a line instead of a field.
    settings(page, slow_mode="0", who_posts="moderators")
    expect(box(his)).to_be_hidden()
    expect(his.get_by_text("Only owners and moderators post in")).to_be_visible()
    say(page, "three")
    expect(message(his, "three")).to_be_visible()
    settings(page, who_posts="members")
    expect(box(his)).to_be_visible()
    # What was written there waits.
    expect(box(his)).to_have_value("the second")
    box(his).press("Enter")
    expect(message(page, "the second")).to_be_visible()
