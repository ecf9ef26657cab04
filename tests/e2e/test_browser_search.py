"""Searching messages: from Ctrl-K to what was found, by keyboard and on a phone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import message, window
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)

Open = Callable[..., Page]

SAID = """
alice, bob = (User.objects.get(username=name) for name in ("alice", "bob"))
post = lambda who, slug, body: actions.post_message(actions.Post(who, slug, body))["id"]
post(alice, "library", "The <b>kestrel</b> & the <script>alert(1)</script> KESTREL")
post(bob, "library", "Nothing of it here")
result = post(bob, "reading-room", "A kestrel above the roof, " + "and so on " * 40)
"""


@pytest.fixture
def open_as(browser: Any, site: Site) -> Iterator[Open]:
    with ExitStack() as windows:

        def open_(name: str, path: str, **options: Any) -> Page:
            page = windows.enter_context(window(browser, site, site.user(name), **options))
            page.goto(path)
            expect(page.locator("[data-shell]")).to_be_visible()
            return page

        yield open_


def test_from_the_finder_to_the_message(site: Site, open_as: Open) -> None:
    site.room("library", "alice", "bob")
    site.room("reading-room", "alice", "bob")
    newest = site.ask(SAID)
    page = open_as("alice", "/rooms/library/")
    page.keyboard.press("Control+k")
    finder = page.get_by_role("dialog", name="Find a room")
    finder.get_by_role("combobox").press_sequentially("kestrel")
    offer = finder.get_by_role("option", name="Search messages for")
    expect(offer).to_have_attribute("aria-selected", "true")
    expect(finder.get_by_text("No room has this name.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/search?q=kestrel")
    found = page.get_by_role("list", name="Messages found").get_by_role("link")
    expect(found).to_have_count(2)
    expect(found.nth(0)).to_contain_text("A kestrel above")
    expect(found.nth(1)).to_contain_text("<b>kestrel</b> & the <script>alert(1)</script>")
    assert found.nth(1).locator("mark").all_inner_texts() == ["kestrel", "KESTREL"]
    field = page.get_by_role("searchbox", name="Search messages")
    # The page is there before its script.
    expect(found.nth(0)).to_have_attribute("tabindex", "0")
    field.press("ArrowDown")
    expect(found.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_be_focused()
    page.keyboard.press("Home")
    expect(found.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/rooms/reading-room/{newest}")
    expect(message(page, "A kestrel above the roof")).to_be_visible()
    page.go_back()
    expect(found).to_have_count(2)


def test_what_cannot_be_searched_for_is_said_on_a_phone(site: Site, open_as: Open) -> None:
    site.room("attic", "alice")
    site.ask(
        "alice = User.objects.get(username='alice')\n"
        "for number in range(35):\n"
        "    actions.post_message(actions.Post(alice, 'attic', f'box {number}'))\n"
    )
    page = open_as("alice", "/search", viewport={"width": 360, "height": 740})
    field = page.get_by_role("searchbox", name="Search messages")
    expect(field).to_be_focused()
    field.fill("box has:picture")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("`has:` takes `file`")
    page.get_by_role("searchbox").fill("box in:attic from:me")
    page.get_by_role("button", name="Search", exact=True).click()
    found = page.get_by_role("list", name="Messages found").get_by_role("link")
    expect(found).to_have_count(30)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "nothing goes beyond the screen"
    page.get_by_role("link", name="Older messages").click()
    expect(found).to_have_count(5)
    field.fill("no such thing")
    field.press("Enter")
    expect(page.get_by_role("status").filter(has_text="No message")).to_be_visible()
