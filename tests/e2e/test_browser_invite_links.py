"""A link into a room: made by one person, used by another on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open
from tests.support.site import Site
from tests.support.waiting import SCALE

# As in `test_browser_room`: what the page does, on one database.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
PHONE = {"width": 360, "height": 740}
expect.set_options(timeout=15_000 * SCALE)


def details(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details of the room")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Invite by link")


def link_of(page: Page, lets_in: str) -> str:
    """A new link, as it is shown once."""
    if not dialog(page).is_visible():
        if not page.locator("[data-invite-form]").is_visible():
            details(page).get_by_role("button", name="Invite", exact=True).click()
        details(page).get_by_role("button", name="Invite by link").click()
    dialog(page).get_by_label("It lets in").select_option(lets_in)
    listed = dialog(page).locator("[data-link]")
    before = listed.count()
    dialog(page).get_by_role("button", name="Make a link").click()
    expect(listed).to_have_count(before + 1)
    return dialog(page).get_by_role("textbox", name="The link").input_value()


@pytest.mark.parametrize("makers", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "phone"])
def test_two_people_and_a_link(
    site: Site, browser: Any, open_as: Open, makers: dict[str, int]
) -> None:
    slug = f"cellar-{makers['width']}"
    site.room(slug, "alice", private=True)
    page = open_as("alice", f"/rooms/{slug}/", viewport=makers)
    # The first screen of an empty room offers it.
    page.locator("[data-start-invite]").click()
    url = link_of(page, "One person")
    assert url.startswith(f"{site.url}/invite/")
    expect(dialog(page).get_by_role("status")).to_contain_text("It is not shown again.")
    expect(dialog(page).locator("[data-link]")).to_contain_text("Let 0 of 1 person in")

    his = open_as("bob", url, viewport=PHONE)
    late = visitor(browser, site, "charlie")
    late.goto(url)
    for each in (his, late):
        expect(each.get_by_text("Alice invites you to")).to_be_visible()
        wide = each.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"]
    his.get_by_role("button", name="Join the room").click()
    his.wait_for_url(f"**/rooms/{slug}/")
    # It is told at once, where the dialog stands open and in the room.
    expect(dialog(page).locator("[data-link]")).to_contain_text("Let 1 of 1 person in")
    expect(dialog(page).locator("[data-link]")).to_contain_text("used up")
    late.get_by_role("button", name="Join the room").click()
    expect(late.get_by_role("heading", name="This link lets nobody in")).to_be_visible()
    late.context.close()

    dialog(page).get_by_role("button", name="Close").click()
    page.locator("[data-links-open]").click()
    expect(dialog(page).get_by_role("textbox", name="The link")).to_be_hidden()
    dialog(page).get_by_role("button", name="Remove the link").click()
    expect(dialog(page)).to_contain_text("There is no link yet.")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(details(page).locator('[data-member="Bob"]')).to_be_visible()


def visitor(browser: Any, site: Site, who: str | None) -> Page:
    """Somebody whose pages may be refused."""
    context = browser.new_context(base_url=site.url, viewport=PHONE)
    if who is not None:
        user = site.user(who)
        context.add_cookies([{"name": user.cookie_name, "value": user.session, "url": site.url}])
    page: Page = context.new_page()
    return page


def test_the_link_is_copied_with_one_press(site: Site, open_as: Open) -> None:
    site.room("pantry", "alice")
    page = open_as("alice", "/rooms/pantry/", permissions=["clipboard-read", "clipboard-write"])
    url = link_of(page, "Any number")
    expect(dialog(page).get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == url
    # Whoever may not invite is offered nothing.
    hers = open_as("bob", "/rooms/pantry/")
    expect(details(hers).get_by_role("button", name="Invite")).to_be_hidden()


def test_somebody_without_an_account_makes_one_and_is_where_they_wanted(
    site: Site, browser: Any, open_as: Open
) -> None:
    site.room("loft", "alice", private=True)
    url = link_of(open_as("alice", "/rooms/loft/"), "10 people")
    page = visitor(browser, site, None)
    page.goto(url)
    expect(page.get_by_role("heading", name="You are invited")).to_be_visible()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill("nina")
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill("a-long-password-1")
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("button", name="Join the room").click()
    page.wait_for_url("**/rooms/loft/")
    page.context.close()
