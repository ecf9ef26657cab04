"""Pages of a room in a real browser, as the tests use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from .site import Person, Site

Open = Callable[..., Page]


@contextmanager
def window(browser: Any, site: Site, person: Person | None, **options: Any) -> Iterator[Page]:
    """A window of somebody who is logged in, or of nobody. What its console complains of fails the
    test."""
    context = browser.new_context(base_url=site.url, **options)
    if person is not None:
        context.add_cookies(
            [{"name": person.cookie_name, "value": person.session, "url": site.url}],
        )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    # A server that is away, or a network, is no fault of the page.
    away = ("ERR_CONNECTION", "ERR_FAILED", "ERR_INTERNET_DISCONNECTED", "ws://")
    faults = [text for text in complaints if not any(each in text for each in away)]
    assert not faults, faults


def say(page: Page, text: str) -> None:
    box = page.get_by_label("Message", exact=True)
    box.fill(text)
    box.press("Enter")


def message(page: Page, text: str) -> Any:
    return page.locator("[data-entries] > .message", has_text=text)
