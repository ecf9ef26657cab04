"""The first minutes: staff choose the room that newcomers come into, and somebody comes."""

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.pages import message, say, window
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
SIZES = {"desk": (1280, 800), "phone": (360, 740)}


@pytest.mark.parametrize("size", SIZES)
def test_a_newcomer_finds_people(browser: Any, site: Site, size: str) -> None:
    slug = f"welcome-{size}"
    site.room(slug, "alice")
    width, height = SIZES[size]
    frame = {"viewport": {"width": width, "height": height}}
    with window(browser, site, site.user("root", staff=True), **frame) as root:
        # Who is no member has no word in the rest of the room.
        root.goto(f"/rooms/{slug}/")
        if size == "phone":
            root.locator("[data-details-toggle]").click()
        root.get_by_role("button", name="Room settings").click()
        dialog = root.get_by_role("dialog", name="Room settings")
        expect(dialog.get_by_label("Default room")).not_to_be_checked()
        expect(dialog.get_by_label("Name", exact=True)).to_be_hidden()
        if folder := os.environ.get("SHOTS"):
            root.screenshot(path=f"{folder}/settings-{size}.png")
        dialog.get_by_label("Default room").check()
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_be_hidden()
        root.get_by_role("button", name="Room settings").click()
        expect(dialog.get_by_label("Default room")).to_be_checked()
    with (
        window(browser, site, site.user("alice"), **frame) as hers,
        window(browser, site, None, **frame) as new,
    ):
        hers.goto(f"/rooms/{slug}/")
        say(hers, "Whoever is new: the coffee is in the hall.")
        new.goto("/accounts/signup/")
        new.get_by_label("Your name").fill("Dora")
        new.get_by_label("Username").fill(f"dora-{size}")
        new.get_by_label("Password", exact=True).fill("horse-cart-77")
        new.get_by_label("Password again").fill("horse-cart-77")
        new.get_by_role("button", name="Create the account").click()
        new.wait_for_url(f"**/rooms/{slug}/")
        expect(message(new, "the coffee is in the hall")).to_be_visible()
        say(new, "Found it")
        expect(message(hers, "Found it")).to_be_visible()
        if folder := os.environ.get("SHOTS"):
            new.screenshot(path=f"{folder}/new-{size}.png")
    site.ask(f"Room.objects.filter(slug={slug!r}).update(is_default=False)")
