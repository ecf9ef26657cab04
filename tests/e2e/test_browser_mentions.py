"""Mentions in real browsers: two people at once, at a desk and on a phone."""

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
    """Alice's page and Bob's, of a room of this test; Bob's is in another one as well."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")
    slug = f"{name[:40]}-{request.param}"
    site.room(slug, "alice", "bob")
    site.room(f"{slug}-else", "alice", "bob")
    width, height = SIZES[request.param]
    size = {"viewport": {"width": width, "height": height}}
    with (
        window(browser, site, site.user("alice"), **size) as hers,
        window(browser, site, site.user("bob"), **size) as his,
    ):
        hers.goto(f"/rooms/{slug}/")
        his.goto(f"/rooms/{slug}-else/")
        for page in (hers, his):
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        yield hers, his, slug


def badge(page: Page, slug: str) -> Any:
    return page.locator(f'[data-rooms] a[data-room="{slug}"] [data-mentions]')


def to_list(page: Page) -> None:
    back = page.get_by_role("button", name="Back to the list of rooms")
    if back.is_visible():
        back.click()


def test_somebody_is_mentioned_and_reads_it(both: tuple[Page, Page, str]) -> None:
    hers, his, slug = both
    box = hers.get_by_label("Message", exact=True)
    box.press_sequentially("Hello @bo")
    offered = hers.get_by_role("listbox", name="People").get_by_role("option")
    expect(offered.first).to_contain_text("Bob")
    expect(offered.first).to_contain_text("@bob")
    box.press("Enter")
    expect(box).to_have_value("Hello @bob ")
    box.press_sequentially("and `@bob`")
    box.press("Enter")
    chip = message(hers, "Hello").locator(".mention")
    expect(chip).to_have_count(1)
    expect(chip).to_have_text("@Bob")
    expect(chip).not_to_have_class(re.compile("mention-own"))
    to_list(his)
    expect(badge(his, slug)).to_have_text("@1")
    expect(badge(his, slug)).to_have_accessible_name("1 mention of you")
    his.locator(f'[data-rooms] a[data-room="{slug}"]').click()
    own = message(his, "Hello").locator(".mention.mention-own")
    expect(own).to_have_text("@Bob")
    expect(message(his, "Hello")).to_have_attribute("data-mentions-me", "")
    to_list(his)
    expect(badge(his, slug)).to_be_hidden()
    # An edit takes it away.
    box.press("ArrowUp")
    edited = hers.get_by_label("Editing your message", exact=True)
    edited.fill("Hello")
    edited.press("Enter")
    expect(message(hers, "Hello").locator(".mention")).to_have_count(0)
    expect(message(his, "Hello")).not_to_have_attribute("data-mentions-me", "")


def test_everybody_of_the_room(both: tuple[Page, Page, str]) -> None:
    hers, his, slug = both
    box = hers.get_by_label("Message", exact=True)
    box.press_sequentially("@ro")
    everybody = hers.get_by_role("listbox", name="People").get_by_role("option", name="@room")
    everybody.click()
    expect(box).to_have_value("@room ")
    say(hers, "@room lunch")
    to_list(his)
    expect(badge(his, slug)).to_have_text("@1")
    his.locator(f'[data-rooms] a[data-room="{slug}"]').click()
    expect(message(his, "lunch").locator(".mention.mention-own")).to_have_attribute(
        "title", "Everybody in this room"
    )
    # Members may not: it stays text.
    say(his, "@room later")
    expect(message(hers, "later")).to_be_visible()
    expect(message(hers, "later").locator(".mention")).to_have_count(0)


def test_another_tab_knows_what_was_read(
    browser: Any, site: Site, both: tuple[Page, Page, str]
) -> None:
    hers, his, slug = both
    with window(browser, site, site.user("bob"), viewport={"width": 1280, "height": 800}) as other:
        other.goto("/rooms/")
        say(hers, "@bob one")
        say(hers, "@bob two")
        expect(badge(other, slug)).to_have_text("@2")
        his.goto(f"/rooms/{slug}/")
        expect(message(his, "two")).to_be_visible()
        expect(badge(other, slug)).to_be_hidden()


def test_what_was_offered_for_less_of_a_name_replaces_all_of_it(
    both: tuple[Page, Page, str],
) -> None:
    """Somebody who types on while the answer is on its way, and takes what stands there."""
    hers, _, _ = both
    box = hers.get_by_label("Message", exact=True)
    offered = hers.get_by_role("listbox", name="People").get_by_role("option")
    box.press_sequentially("Hello @")
    expect(offered.first).to_contain_text("Bob")
    hers.route(re.compile(r"/mentionable\?q=[a-z]"), lambda _never_answered: None)
    box.press_sequentially("bo")
    expect(offered).to_have_text([re.compile("Bob")])
    box.press("Enter")
    expect(box).to_have_value("Hello @bob ")
    box.press_sequentially("@")
    expect(offered.first).to_contain_text("Bob")
    box.press_sequentially("zz")
    expect(offered).to_have_count(0)
    box.press("Enter")
    expect(message(hers, "Hello")).to_contain_text("@zz")
