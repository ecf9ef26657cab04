"""Reactions and emoji in real browsers: by mouse, by keyboard, on a phone, and in a crowd."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import message, say, window
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)


@pytest.fixture
def both(browser: Any, site: Site, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Page]]:
    """Alice's page and Bob's, of a room of this test."""
    slug = re.sub(r"\W+|_", "-", request.node.name)[:40].strip("-")
    site.room(slug, "alice", "bob")
    with (
        window(browser, site, site.user("alice")) as hers,
        window(browser, site, site.user("bob")) as his,
    ):
        for page in (hers, his):
            page.goto(f"/rooms/{slug}/")
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        yield hers, his


def pills(page: Page, text: str) -> Any:
    return message(page, text).locator(".reaction[aria-pressed]")


def picker(page: Page) -> Any:
    return page.get_by_role("dialog", name="Choose an emoji")


def offered(page: Page) -> Any:
    """Waits for the table."""
    found = picker(page).get_by_role("option")
    expect(found.first).to_be_attached()
    return found


def test_two_people_react_to_the_same(both: tuple[Page, Page]) -> None:
    hers, his = both
    say(hers, "Lunch?")
    message(his, "Lunch?").hover()
    his.get_by_role("button", name=re.compile("^React to")).click()
    picker(his).get_by_role("button", name="👍").click()
    for page, pressed in ((hers, "false"), (his, "true")):
        expect(pills(page, "Lunch?")).to_have_text("👍1")
        expect(pills(page, "Lunch?")).to_have_attribute("aria-pressed", pressed)
    pills(hers, "Lunch?").click()
    for page in both:
        expect(pills(page, "Lunch?")).to_have_text("👍2")
        expect(pills(page, "Lunch?")).to_have_attribute("aria-pressed", "true")
    expect(pills(hers, "Lunch?")).to_have_attribute("title", re.compile("^You and .*Bob"))
    hers.reload()
    expect(pills(hers, "Lunch?")).to_have_text("👍2")
    pills(hers, "Lunch?").click()
    expect(pills(his, "Lunch?")).to_have_text("👍1")
    pills(his, "Lunch?").click()
    for page in both:
        expect(message(page, "Lunch?").locator(".reactions")).to_have_count(0)


def test_by_keyboard_alone(both: tuple[Page, Page]) -> None:
    hers, his = both
    say(his, "Done")
    box = hers.get_by_label("Message", exact=True)
    said = message(hers, "Done")
    expect(said).to_be_visible()
    said.focus()
    hers.keyboard.press("a")
    search = picker(hers).get_by_role("combobox", name="Search emoji")
    expect(search).to_be_focused()
    offered(hers)
    search.press_sequentially("party pop")
    chosen = picker(hers).locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_accessible_name("party popper")
    hers.keyboard.press("Enter")
    expect(picker(hers)).to_be_hidden()
    expect(said).to_be_focused()
    expect(pills(his, "Done")).to_have_text("🎉1")
    expect(pills(hers, "Done")).to_have_text("🎉1")
    # From the message to its author and to what stands below it, and back when that is gone.
    hers.keyboard.press("Tab")
    expect(said.locator(".by [data-person]")).to_be_focused()
    hers.keyboard.press("Tab")
    expect(pills(hers, "Done")).to_be_focused()
    hers.keyboard.press("Enter")
    expect(pills(hers, "Done")).to_have_count(0)
    expect(said).to_be_focused()
    hers.keyboard.press("a")
    offered(hers)
    # What was taken is listed first from now on.
    hers.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("🎉")
    for key in ("PageDown", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        hers.keyboard.press(key)
    expect(chosen).to_have_accessible_name("grinning face")
    hers.keyboard.press("Escape")
    expect(picker(hers)).to_be_hidden()
    expect(said).to_be_focused()
    expect(box).to_have_value("")


def test_what_is_written_gets_emoji(both: tuple[Page, Page]) -> None:
    hers, his = both
    box = hers.get_by_label("Message", exact=True)
    box.press_sequentially("Well done :tad")
    listed = hers.get_by_role("listbox", name="Emoji")
    expect(listed.get_by_role("option").first).to_contain_text("tada")
    box.press("Enter")
    expect(box).to_have_value("Well done 🎉")
    # Where the cursor is, not at the end.
    box.press("Home")
    hers.get_by_role("button", name="Insert an emoji").click()
    offered(hers)
    hers.keyboard.type("rocket")
    hers.keyboard.press("Enter")
    expect(box).to_have_value("🚀Well done 🎉")
    expect(box).to_be_focused()
    box.press("Enter")
    expect(message(his, "🚀Well done 🎉")).to_be_visible()
    # Nothing is offered within a word or a time, and what is not completed stays as it is.
    box.press_sequentially("At 10:30am, a:smile")
    expect(listed).to_be_hidden()
    box.fill("")
    box.press_sequentially(":smile: it says")
    box.press("Enter")
    expect(message(his, ":smile: it says")).to_be_visible()


def test_a_tone_of_skin_is_remembered(both: tuple[Page, Page]) -> None:
    hers, _ = both
    hers.get_by_role("button", name="Insert an emoji").click()
    offered(hers)
    picker(hers).get_by_role("radio", name="Medium-dark").check(force=True)
    hers.reload()
    expect(hers.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    box = hers.get_by_label("Message", exact=True)
    box.press_sequentially(":wav")
    expect(hers.get_by_role("listbox", name="Emoji").get_by_role("option").first).to_contain_text(
        "👋🏾"
    )
    box.press("Tab")
    expect(box).to_have_value("👋🏾")


def test_why_it_was_not_done_stands_there(both: tuple[Page, Page], site: Site) -> None:
    hers, his = both
    slug = hers.url.rstrip("/").rpartition("/")[2]
    say(his, "Over")
    message(hers, "Over").focus()
    hers.keyboard.press("a")
    expect(picker(hers)).to_be_visible()
    site.ask(f"actions.change_room(Room.objects.get(slug={slug!r}).pk, {{'archived': True}})")
    expect(hers.locator("[data-body]")).to_be_disabled()
    picker(hers).get_by_role("button", name="👍").click()
    expect(message(hers, "Over").get_by_role("alert")).to_contain_text("archived")


def test_one_of_a_crowd_knows_what_they_chose(both: tuple[Page, Page], site: Site) -> None:
    hers, his = both
    slug = hers.url.rstrip("/").rpartition("/")[2]
    say(his, "Who comes?")
    expect(message(hers, "Who comes?")).to_be_visible()
    site.ask(
        "from rooms.features.reactions.actions import react\n"
        f"said = Message.objects.get(room__slug={slug!r}, body='Who comes?').pk\n"
        "for number in range(25):\n"
        "    user = User.objects.create(username=f'crowd-{number}')\n"
        f"    react(user, {slug!r}, said, '👍')\n"
        f"react(User.objects.get(username='alice'), {slug!r}, said, '👍')\n"
    )
    for page, pressed in ((hers, "true"), (his, "false")):
        expect(pills(page, "Who comes?")).to_have_text("👍26")
        expect(pills(page, "Who comes?")).to_have_attribute("aria-pressed", pressed)
        page.reload()
        expect(pills(page, "Who comes?")).to_have_attribute("aria-pressed", pressed)
    pills(hers, "Who comes?").click()
    for page in both:
        expect(pills(page, "Who comes?")).to_have_text("👍25")
        expect(pills(page, "Who comes?")).to_have_attribute("aria-pressed", "false")


def test_on_a_phone(browser: Any, site: Site) -> None:
    """The sheet is as wide as the screen, and nothing is beside it."""
    site.room("pocket", "alice")
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with window(browser, site, site.user("alice"), **phone) as page:
        page.goto("/rooms/pocket/")
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        page.get_by_role("button", name="Insert an emoji").tap()
        offered(page)
        box = picker(page).bounding_box()
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 360, 740)
        for each in picker(page).locator("[role=option], .emoji-quick button").all()[:20]:
            size = each.bounding_box()
            assert size["width"] >= 44 and size["height"] >= 44
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        picker(page).get_by_role("option", name="grinning face", exact=True).tap()
        expect(page.get_by_label("Message", exact=True)).to_have_value("😀")


def test_the_table_comes_when_it_is_wanted(browser: Any, site: Site) -> None:
    site.room("light", "alice")
    asked: list[str] = []
    with window(browser, site, site.user("alice")) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/rooms/light/")
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        page.get_by_label("Message", exact=True).press_sequentially("Hello: world")
        assert not any(name in url for url in asked for name in ("emoji.json", "picker.js"))
        page.get_by_role("button", name="Insert an emoji").click()
        offered(page)
        (table,) = [url for url in asked if url.endswith("emoji.json")]
        told = page.request.get(table).headers
        assert "immutable" in told["cache-control"] and told["content-encoding"] in ("br", "gzip")
        assert int(told["content-length"]) < 60_000
