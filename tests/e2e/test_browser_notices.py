"""Notices of the browser: who wants them, when they are shown, what a press on one does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)
# A browser without a screen shows none: this one writes down what it is asked to show. Nobody looks
# at its pages until one says so.
STAND_IN = """
window.shown = [];
window.Notification = class {
    static permission = window.granted ?? "granted";
    static requestPermission = () => Promise.resolve(Notification.permission);
    constructor(title, options) { window.shown.push({ title, ...options, notice: this }); }
    close() {}
};
document.hasFocus = () => window.looked ?? false;
"""
SHOWN = "window.shown.map(({ title, body }) => [title, body])"


@pytest.fixture
def tabs(browser: Any, site: Site) -> Iterator[BrowserContext]:
    """Bob's browser, for any number of tabs."""
    bob = site.user("bob")
    with browser.new_context(base_url=site.url) as context:
        cookie = {"name": bob.cookie_name, "value": bob.session, "url": site.url}
        context.add_cookies([cookie])
        context.add_init_script(STAND_IN)
        yield context


def opened(tabs: BrowserContext, path: str) -> Page:
    page = tabs.new_page()
    page.goto(path)
    expect(page.locator("[data-my-state]")).to_have_text("Online")
    return page


def choose(page: Page, level: str) -> None:
    page.get_by_label("Notices on this device").select_option(level)
    expect(page.get_by_label("Notices on this device")).to_have_value(level)


def all_shown(*pages: Page) -> list[list[str]]:
    return [each for page in pages for each in page.evaluate(SHOWN)]


def test_each_is_told_once_by_one_of_the_tabs(
    site: Site, tabs: BrowserContext, open_as: Open
) -> None:
    site.room("harbour", "alice", "bob")
    site.room("quay", "alice", "bob")
    here, there = opened(tabs, "/rooms/harbour/"), opened(tabs, "/rooms/quay/")
    plain = opened(tabs, "/rooms/")
    pages = (here, there, plain)
    choose(here, "mentions")
    alice = open_as("alice", "/rooms/harbour/")
    say(alice, "Nothing for anybody")
    say(alice, "@bob, are you there?")
    expect(message(here, "are you there?")).to_be_attached()
    until(lambda: len(all_shown(*pages)) == 1, what="one notice")
    [[title, body]] = all_shown(*pages)
    assert (title, body) in (
        ("Alice in Harbour", "@bob, are you there?"),
        ("Harbour", "You are mentioned here"),
    )
    icon = here.locator('link[rel="icon"]')
    expect(icon).to_have_attribute("href", plain.locator('link[rel="icon"]').get_attribute("href"))
    # Everything, and then nothing any more.
    choose(here, "all")
    say(alice, "For everybody")
    until(lambda: len(all_shown(*pages)) == 2, what="another one")
    choose(here, "nothing")
    say(alice, "Quiet")
    expect(message(here, "Quiet")).to_be_attached()
    expect(plain.locator("[data-room=harbour]")).to_have_attribute("data-unread", "4")
    assert len(all_shown(*pages)) == 2


def test_where_somebody_looks_nothing_is_shown(
    site: Site, tabs: BrowserContext, open_as: Open
) -> None:
    site.room("pier", "alice", "bob")
    page, looked_at = opened(tabs, "/rooms/pier/"), opened(tabs, "/inbox/")
    choose(page, "all")
    looked_at.evaluate("() => { window.looked = true; window.dispatchEvent(new Event('focus')); }")
    held = "async () => (await navigator.locks.query()).held.map(({ name }) => name)"
    until(lambda: "parley:looked-at" in page.evaluate(held), what="the tab is looked at")
    alice = open_as("alice", "/rooms/pier/")
    say(alice, "seen in the other tab")
    expect(message(page, "seen in the other tab")).to_be_attached()
    looked_at.evaluate("() => { window.looked = false; window.dispatchEvent(new Event('blur')); }")
    until(lambda: "parley:looked-at" not in page.evaluate(held), what="nobody looks any more")
    say(alice, "seen by nobody")
    until(lambda: all_shown(page, looked_at) != [], what="a notice")
    assert [body for _, body in all_shown(page)] in (["seen by nobody"], [])
    assert len(all_shown(page, looked_at)) == 1


def test_a_press_leads_to_the_message(site: Site, tabs: BrowserContext, open_as: Open) -> None:
    site.room("boat", "alice", "bob")
    site.room("shed", "alice", "bob")
    page = opened(tabs, "/rooms/boat/")
    choose(page, "all")
    alice = open_as("alice", "/rooms/shed/")
    say(alice, "over here")
    until(lambda: all_shown(page) == [["Shed", "1 unread message"]], what="a notice")
    page.evaluate("() => window.shown[0].notice.onclick()")
    expect(page.get_by_role("heading", name="Shed", level=1)).to_be_visible()
    expect(message(page, "over here")).to_be_visible()


def test_who_has_forbidden_them_is_told_so(site: Site, tabs: BrowserContext) -> None:
    site.room("attic", "alice", "bob")
    tabs.add_init_script("window.granted = 'denied'; window.Notification.permission = 'denied';")
    page = opened(tabs, "/rooms/attic/")
    page.get_by_label("Notices on this device").select_option("all")
    expect(page.get_by_text("does not let the site show notices")).to_be_visible()
    expect(page.get_by_label("Notices on this device")).to_have_value("nothing")
