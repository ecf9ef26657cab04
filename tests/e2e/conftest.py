"""Windows of a browser for whole journeys."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import Open, window
from tests.support.site import Site


@pytest.fixture
def open_as(browser: Any, site: Site) -> Iterator[Open]:
    """`open_as("alice", "/rooms/…/")` is a page of Alice's own browser."""
    with ExitStack() as windows:

        def open_(name: str, path: str, **options: Any) -> Page:
            page = windows.enter_context(window(browser, site, site.user(name), **options))
            page.goto(path)
            if "/rooms/" in path and path != "/rooms/":
                expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
            return page

        yield open_
