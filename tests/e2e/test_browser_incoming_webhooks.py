"""Programs that post into a room, beside two people: who looks after it, and who reads."""

import os
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import message, window
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
SIZES = {"desk": (1280, 800), "phone": (360, 740)}


def details(page: Page) -> Any:
    panel = page.get_by_role("complementary", name="Details of the room")
    if not panel.is_visible():
        page.locator("[data-details-toggle]").click()
    return panel


def close_details(page: Page) -> None:
    close = page.locator("[data-details-close]")
    if page.viewport_size and page.viewport_size["width"] < 1200 and close.is_visible():
        close.click()


@pytest.mark.parametrize("size", SIZES)
def test_a_program_posts(browser: Any, site: Site, size: str) -> None:
    slug = site.room(f"harbour-{size}", "alice", "bob")
    width, height = SIZES[size]
    frame = {"viewport": {"width": width, "height": height}}
    with (
        window(browser, site, site.user("alice"), **frame) as hers,
        window(browser, site, site.user("bob"), **frame) as his,
    ):
        for page in (hers, his):
            page.goto(f"/rooms/{slug}/")
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        # Members have no word in it.
        expect(details(his).get_by_role("heading", name="Members")).to_be_visible()
        expect(details(his).get_by_role("heading", name="Incoming webhooks")).to_be_hidden()
        close_details(his)
        panel = details(hers)
        panel.get_by_role("heading", name="Incoming webhooks").scroll_into_view_if_needed()
        panel.get_by_role("button", name="Manage", exact=True).click()
        dialog = hers.get_by_role("dialog", name="Incoming webhooks")
        expect(dialog.get_by_text("There is none yet.")).to_be_visible()
        dialog.get_by_label("Name").fill("Alerts")
        dialog.get_by_label("Name").press("Enter")
        address = dialog.get_by_label("The address").input_value
        expect(dialog.get_by_label("The address")).to_have_value(re.compile("/hooks/"))
        url = address()
        expect(dialog.get_by_text("not used yet")).to_be_visible()
        if folder := os.environ.get("SHOTS"):
            hers.screenshot(path=f"{folder}/hooks-{size}.png")
        with httpx.Client(trust_env=False) as program:
            posted = program.post(url, json={"body": "Tide at **4 m**", "key": "tide"})
            assert posted.status_code == 200, posted.text
            said = message(his, "Tide at 4 m")
            expect(said).to_have_attribute("data-bot", "")
            expect(said.locator("[data-author]")).to_have_text("Alerts")
            expect(said.locator("[data-person]")).to_be_disabled()
            program.post(url, json={"body": "Tide at **5 m**", "key": "tide"})
            expect(message(his, "Tide at 5 m")).to_contain_text("(edited)")
            expect(message(his, "Tide at 4 m")).to_have_count(0)
            if folder:
                his.screenshot(path=f"{folder}/hooked-{size}.png")
            # Its address is forgotten by the page; who removes it is asked before.
            dialog.get_by_role("button", name="Close").click()
            panel.get_by_role("button", name="Manage", exact=True).click()
            expect(dialog.get_by_label("The address")).to_be_hidden()
            expect(dialog.get_by_text("2 messages, last")).to_be_visible()
            dialog.get_by_role("button", name="Remove Alerts").click()
            sure = hers.get_by_role("dialog", name="Remove Alerts?")
            sure.get_by_role("button", name="Remove").click()
            expect(dialog.get_by_text("There is none yet.")).to_be_visible()
            assert program.post(url, json={"body": "Tide"}).status_code == 404
        expect(message(his, "Tide at 5 m").locator("[data-author]")).to_have_text("Alerts")
