"""The inbox in real browsers: two people at once, at a desk and on a phone, and two tabs of one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import message, say, window
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
SIZES = {"desk": (1280, 800), "phone": (360, 740)}


@pytest.fixture(params=list(SIZES))
def both(
    browser: Any, site: Site, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, Page, str]]:
    """Alice's page of a room of this test, and Bob's inbox, which nothing of other tests is in."""
    slug = f"inbox-{request.node.originalname[-8:].replace('_', '')}-{request.param}"
    site.room(slug, "alice", "bob")
    width, height = SIZES[request.param]
    size = {"viewport": {"width": width, "height": height}}
    with (
        window(browser, site, site.user("alice"), **size) as hers,
        window(browser, site, site.user("bob"), **size) as his,
    ):
        hers.goto(f"/rooms/{slug}/")
        his.goto("/inbox/")
        for page in (hers, his):
            expect(page.locator("[data-my-state]")).to_have_text("Online")
        yield hers, his, slug


def entries(page: Page) -> Any:
    return page.get_by_role("list", name="Entries").get_by_role("listitem")


def test_something_comes_and_is_done(
    browser: Any, site: Site, both: tuple[Page, Page, str]
) -> None:
    hers, his, slug = both
    expect(his.get_by_text("Nothing waits for you")).to_be_visible()
    say(hers, "@bob, could you look at this?")
    expect(entries(his)).to_have_count(1)
    expect(entries(his).first).to_contain_text("mentioned you in")
    expect(entries(his).first).to_contain_text("could you look")
    say(hers, "@bob, and this?")
    expect(entries(his)).to_have_count(2)
    with window(browser, site, site.user("bob"), viewport={"width": 1280, "height": 800}) as other:
        other.goto("/rooms/")
        badge = other.locator("[data-inbox-count]")
        expect(badge).to_have_text("2")
        expect(badge).to_have_accessible_name("2 open entries")
        entries(his).first.get_by_role("button", name="Done").focus()
        his.keyboard.press("Enter")
        expect(entries(his)).to_have_count(1)
        expect(entries(his).first.get_by_role("button", name="Done")).to_be_focused()
        expect(badge).to_have_text("1")
        his.get_by_role("button", name="Undo").click()
        expect(entries(his)).to_have_count(2)
        expect(badge).to_have_text("2")
        his.get_by_role("button", name="All done").click()
        expect(entries(his)).to_have_count(0)
        expect(badge).to_be_hidden()
    his.get_by_role("link", name="Done", exact=True).click()
    expect(entries(his).first).to_contain_text("and this?")
    entries(his).first.get_by_role("link").click()
    expect(message(his, "and this?")).to_be_visible()
    expect(his).to_have_url(re.compile(f"/rooms/{slug}/"))


def test_an_answer_and_the_key(both: tuple[Page, Page, str]) -> None:
    hers, his, slug = both
    his.goto(f"/rooms/{slug}/")
    say(his, "Lunch?")
    said = message(hers, "Lunch?")
    expect(said).to_be_visible()
    said.focus()
    hers.keyboard.press("r")
    say(hers, "At 12")
    expect(message(his, "At 12")).to_be_visible()
    message(his, "At 12").focus()
    his.keyboard.press("i")
    his.wait_for_url("**/inbox/")
    expect(entries(his).first).to_contain_text("answered you in")
    his.get_by_role("button", name="All done").click()
    expect(entries(his)).to_have_count(0)


def test_a_message_is_saved_and_found(both: tuple[Page, Page, str]) -> None:
    hers, his, slug = both
    say(hers, "The address is 12 Quay Street")
    his.goto(f"/rooms/{slug}/")
    row = message(his, "The address is")
    row.focus()
    his.keyboard.press("s")
    expect(his.locator("[data-toast]")).to_have_text("It waits in your inbox")
    expect(his.locator("[data-inbox-count]")).to_have_text("1")
    his.goto("/inbox/")
    expect(entries(his)).to_contain_text("saved for later")
    entries(his).get_by_role("button", name="Done").click()
    expect(his.get_by_text("Nothing waits for you")).to_be_visible()
