"""Take the README's picture from the running program: `make docs`."""

import os

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browser import arguments, find_browser
from tests.support.environment import ROOT
from tests.support.site import Site

PICTURE = ROOT / "docs" / "images" / "room.png"
ROOM = "tide-gauges"


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with Site() as site, sync_playwright() as playwright:
        site.manage("demo")
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments())
        enter(browser, site, "ben")
        page = enter(browser, site, "ana")
        card = page.get_by_role("log", name="Messages").locator("[data-job]").last
        expect(card.locator("[data-state]").first).to_contain_text("Succeeded", timeout=60_000)
        expect(card.locator("img")).to_be_visible()
        card.locator("img").evaluate("each => each.decode()")
        # Both people are here, and what is on the screen has been read.
        expect(page.locator("[data-members] .dot:not(.off)")).to_have_count(2)
        page.locator("[data-stream]").evaluate("each => each.scrollTo(0, each.scrollHeight)")
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE, animations="disabled", caret="hide")
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def enter(browser: Browser, site: Site, name: str) -> Page:
    """The room, as that person sees it."""
    context = browser.new_context(
        base_url=site.url, viewport={"width": 1280, "height": 900}, color_scheme="light"
    )
    user = site.user(name)
    context.add_cookies([{"name": user.cookie_name, "value": user.session, "url": site.url}])
    page = context.new_page()
    page.goto(f"/rooms/{ROOM}/")
    expect(page.locator("[data-shell][data-phase=open]")).to_be_attached()
    return page


if __name__ == "__main__":
    main()
