"""A page that is open while the database goes back to an earlier state: it shows what there is."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.faults.test_put_back import ROOM, put_back
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(300)]

PATIENCE = 60_000


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(parts=("web",)) as running:
        running.room(ROOM, "alice", "bob")
        yield running


def say(site: Site, *texts: str) -> None:
    with site.api(site.user("alice")) as api:
        for text in texts:
            api.post(f"/rooms/{ROOM}/messages", json={"body": text}).raise_for_status()


def test_a_page_that_is_open_shows_what_there_is(site: Site, browser: Any) -> None:
    bob = site.user("bob")
    say(site, *(f"before {number}" for number in range(5)))
    context = browser.new_context(base_url=site.url)
    context.add_cookies([{"name": bob.cookie_name, "value": bob.session, "url": site.url}])
    page: Page = context.new_page()
    page.goto(f"/rooms/{ROOM}/")
    page.evaluate("window.sameDocument = true")
    shown = page.locator("[data-entries] > .message")
    expect(shown).to_have_count(5, timeout=PATIENCE)
    say(site, "gone soon")
    expect(shown.filter(has_text="gone soon")).to_have_count(1, timeout=PATIENCE)

    put_back(site, 3)
    say(site, "anew 0", "anew 1", "anew 2", "anew 3")
    expect(shown.filter(has_text="anew")).to_have_count(4, timeout=PATIENCE)
    expect(shown.filter(has_text="gone soon")).to_have_count(0)
    expect(shown.filter(has_text="before")).to_have_count(3)

    box = page.get_by_label("Message", exact=True)
    box.fill("said by Bob")
    box.press("Enter")
    expect(shown.filter(has_text="said by Bob")).to_have_count(1, timeout=PATIENCE)
    assert page.evaluate("window.sameDocument"), "it did not have to be loaded again"
    context.close()
