"""Two people who write to one another, each in their own browser."""

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


def listed(page: Page, name: str) -> Locator:
    return page.locator('[data-section="direct"], [data-section="unread"]').get_by_role(
        "link", name=name
    )


def snap(page: Page, name: str) -> None:
    """Where `TEST_PICTURES` says, for somebody to look at."""
    if folder := os.environ.get("TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", animations="disabled")


@pytest.mark.parametrize(("size", "one", "two"), [(None, "alice", "bob"), (PHONE, "erin", "frank")])
def test_two_write_to_one_another(
    site: Site, open_as: Open, size: object, one: str, two: str
) -> None:
    options = {"viewport": size} if size else {}
    slug = f"yard-{one}"
    site.room(slug, one, two)
    his = open_as(two, f"/rooms/{slug}/", **options)
    say(his, "Is anybody there?")
    page = open_as(one, f"/rooms/{slug}/", **options)
    message(page, "anybody").get_by_role("button", name=two.title(), exact=True).click()
    page.get_by_role("button", name=f"Write to {two.title()}").click()
    expect(page.get_by_role("heading", name=two.title(), level=1)).to_be_visible()
    expect(page.locator(".start")).to_contain_text(f"You and {two.title()}")
    say(page, "Between the two of us")
    expect(message(page, "Between")).to_have_attribute("data-state", "sent")
    snap(page, f"direct-{one}")
    # His open page has it at once, under her name, with what he has not read.
    if size:
        his.get_by_role("button", name="Back to the list of rooms").click()
    link = listed(his, one.title())
    expect(link).to_have_attribute("data-unread", "1")
    snap(his, f"direct-list-{two}")
    link.click()
    expect(message(his, "Between the two of us")).to_be_visible()
    say(his, "And nobody else")
    expect(message(page, "And nobody else")).to_be_visible()

    # He leaves: she reads on, and writes no more.
    his.get_by_role("button", name="members, show details").click() if size else None
    his.get_by_role("button", name="Leave the room").click()
    dialog = his.get_by_role("dialog", name=f"Leave your conversation with {one.title()}?")
    dialog.get_by_role("button", name="Leave the room").click()
    his.wait_for_url("**/rooms/")
    box = page.get_by_role("textbox", name="Message", exact=True)
    expect(box).to_be_disabled()
    expect(box).to_have_attribute(
        "placeholder", f"{two.title()} has left: this can be read, not written"
    )


def test_people_are_found_by_ctrl_k(site: Site, open_as: Open) -> None:
    site.room("loft", "alice", "charlie")
    for path in ("/rooms/loft/", "/rooms/"):
        page = open_as("alice", path)
        page.keyboard.press("Control+k")
        finder = page.get_by_role("dialog", name="Find a room")
        finder.get_by_role("combobox").fill("charl")
        option = finder.get_by_role("option", name="Write to Charlie")
        if path == "/rooms/loft/":
            option.click()
            expect(page.get_by_role("heading", name="Charlie", level=1)).to_be_visible()
        else:
            # Now it is one of her rooms, and found as one.
            expect(finder.get_by_role("option", name="Charlie").first).to_be_visible()
            expect(option).to_have_count(0)
