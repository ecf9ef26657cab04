"""Files in real browsers: chosen, pasted, dropped and sent, beside somebody who sees them."""

import io
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.support.pages import message, window
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
SIZES = {"desk": (1280, 800), "phone": (360, 740)}
expect.set_options(timeout=15_000 * SCALE)

# What a browser does with files that come from elsewhere: `how` is "paste" or "drop".
GIVE = """([how, name, type, letters]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(letters)], name, { type }));
    const target = document.querySelector(how === "paste" ? "[data-body]" : "[data-entries]");
    const options = { bubbles: true, cancelable: true };
    if (how === "paste") {
        const event = new ClipboardEvent("paste", { ...options, clipboardData: data });
        return target.dispatchEvent(event);
    }
    for (const type of ["dragenter", "dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(type, { ...options, dataTransfer: data }));
    }
}"""


def photo(width: int = 1_600, height: int = 900, kind: str = "JPEG") -> bytes:
    made = io.BytesIO()
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.save(made, kind)
    return made.getvalue()


def brought(name: str, content: bytes, mime: str = "image/jpeg") -> FilePayload:
    return FilePayload(name=name, mimeType=mime, buffer=content)


def viewer(page: Page) -> Any:
    return page.locator("[data-viewer]")


@pytest.fixture(params=list(SIZES))
def both(
    browser: Any, site: Site, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, Page, str]]:
    """Alice's page and Bob's, of a room of this test."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")
    slug = site.room(f"{name[:40]}-{request.param}", "alice", "bob")
    width, height = SIZES[request.param]
    size = {"viewport": {"width": width, "height": height}}
    with (
        window(browser, site, site.user("alice"), **size) as hers,
        window(browser, site, site.user("bob"), **size) as his,
    ):
        for page in (hers, his):
            page.goto(f"/rooms/{slug}/")
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        yield hers, his, request.param


def chips(page: Page) -> Any:
    return page.get_by_role("list", name="Files to send").get_by_role("listitem")


def box(page: Page) -> Any:
    return page.get_by_role("textbox", name="Message", exact=True)


def shown(page: Page, text: str) -> Any:
    """The picture of a message, once it is there."""
    image = message(page, text).locator("img").first
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("(image) => image.naturalWidth") > 0
    return image


def test_a_picture_is_chosen_and_seen(both: tuple[Page, Page, str]) -> None:
    hers, his, size = both
    with hers.expect_file_chooser() as chosen:
        hers.get_by_role("button", name="Attach files").click()
    chosen.value.set_files([brought("<b>tide.jpg", photo()), brought("n.txt", b"no", "text/x")])
    expect(chips(hers)).to_have_count(2)
    expect(chips(hers).first).to_have_attribute("data-state", "there")
    expect(chips(hers).last).to_contain_text("n.txt")
    box(hers).fill("Look at *this*")
    if folder := os.environ.get("SHOTS"):
        hers.screenshot(path=f"{folder}/uploads-{size}.png")
    hers.get_by_role("button", name="Send", exact=True).click()
    expect(chips(hers)).to_have_count(0)
    for page in (hers, his):
        image = shown(page, "Look at this")
        expect(image).to_have_attribute("src", re.compile(r"\?preview$"))
        expect(image).to_have_attribute("alt", "<b>tide.jpg")
        expect(message(page, "Look at this").get_by_text("n.txt")).to_be_visible()
        wide: Any = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= SIZES[size][0]
    if folder:
        his.screenshot(path=f"{folder}/uploaded-{size}.png")
    # It needs no words, and is there after a reload.
    hers.locator("[data-uploads-input]").set_input_files(brought("alone.png", photo(60, 40, "PNG")))
    expect(chips(hers).first).to_have_attribute("data-state", "there")
    box(hers).press("Enter")
    his.reload()
    alone = his.locator('img[alt="alone.png"]')
    expect(alone).to_be_visible()
    expect(alone).to_have_attribute("width", "60")
    # Who deletes it deletes its files.
    last = hers.locator("[data-entries] > .message").last
    last.focus()
    last.hover()
    last.locator("[data-action=delete]").click()
    hers.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(his.locator('img[alt="alone.png"]')).to_have_count(0)


def test_files_are_pasted_and_dropped(both: tuple[Page, Page, str]) -> None:
    hers, his, _ = both
    letters = list(photo(30, 20, "PNG"))
    hers.evaluate(GIVE, ["paste", "image.png", "image/png", letters])
    expect(chips(hers)).to_have_count(1)
    hers.evaluate(GIVE, ["drop", "dropped.png", "image/png", letters])
    expect(chips(hers)).to_have_count(2)
    for place in (0, 1):
        expect(chips(hers).nth(place)).to_have_attribute("data-state", "there")
    chips(hers).nth(0).get_by_role("button", name="Do not send image.png").click()
    expect(chips(hers)).to_have_count(1)
    box(hers).fill("As it was dropped")
    box(hers).press("Enter")
    expect(shown(his, "As it was dropped")).to_have_attribute("alt", "dropped.png")


def test_what_does_not_arrive_is_tried_again(both: tuple[Page, Page, str]) -> None:
    hers, his, _ = both
    picker = hers.locator("[data-uploads-input]")
    # One too many is refused at once; what was stopped on the way can be sent again.
    picker.set_input_files([brought(f"{number}.txt", b"x", "text/plain") for number in range(11)])
    expect(chips(hers).last).to_contain_text("At most 10 files go with a message.")
    box(hers).fill("With its file")
    box(hers).press("Enter")
    expect(hers.locator("[data-composer-error]")).to_contain_text("Not all files are there")
    for _ in range(11):
        chips(hers).last.get_by_role("button", name="Do not send").click()
    expect(chips(hers)).to_have_count(0)
    hers.route("**/uploads", lambda route: route.abort())
    picker.set_input_files(brought("late.png", photo(30, 20, "PNG"), "image/png"))
    expect(chips(hers).first).to_contain_text("The server cannot be reached.")
    hers.unroute("**/uploads")
    held: list[Any] = []
    hers.route("**/uploads", lambda route: held.append(route))
    chips(hers).first.get_by_role("button", name="Retry").click()
    expect(chips(hers).first).to_have_attribute("data-state", "going")
    box(hers).press("Enter")
    expect(hers.get_by_text("It is sent as soon as the files are there.")).to_be_visible()
    expect(box(hers)).to_have_value("With its file")
    held[0].continue_()
    expect(shown(his, "With its file")).to_have_attribute("alt", "late.png")
    expect(box(hers)).to_have_value("")


def test_pictures_are_looked_at_one_after_the_other(both: tuple[Page, Page, str]) -> None:
    hers, his, _slug = both
    for number, shape in enumerate(((400, 300), (1_600, 900), (300, 1_200))):
        name = f"picture {number}.jpg"
        hers.locator("[data-uploads-input]").set_input_files(brought(name, photo(*shape)))
        expect(hers.locator("[data-upload]")).to_have_count(1)
        hers.get_by_role("button", name="Send", exact=True).click()
        expect(his.locator(f'[data-file="{name}"] img')).to_be_visible()
    second = his.locator('[data-file="picture 1.jpg"] > a')
    second.focus()
    his.keyboard.press("Enter")
    expect(viewer(his)).to_be_visible()
    expect(viewer(his)).to_contain_text("picture 1.jpg")
    expect(viewer(his)).to_contain_text("Alice")
    expect(viewer(his).locator("[data-which]")).to_have_text("2 of 3")
    # The whole of it, in the window.
    shown = viewer(his).get_by_role("img")
    expect(shown).to_have_js_property("naturalWidth", 1_600)
    box, size = shown.bounding_box(), his.viewport_size
    assert box and size and box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
    his.keyboard.press("ArrowRight")
    expect(viewer(his)).to_contain_text("picture 2.jpg")
    expect(shown).to_have_js_property("naturalHeight", 1_200)
    box = shown.bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
    expect(viewer(his).locator("[data-after]")).to_be_disabled()
    for _ in range(2):
        viewer(his).get_by_role("button", name="The picture before").click()
    expect(viewer(his)).to_contain_text("picture 0.jpg")
    his.keyboard.press("Escape")
    expect(viewer(his)).to_be_hidden()
    expect(his.locator('[data-file="picture 0.jpg"] > a')).to_be_focused()
    # Whoever wants it in a tab has it there.
    with his.context.expect_page() as opened:
        second.click(modifiers=["ControlOrMeta"])
    opened.value.close()
    expect(viewer(his)).to_be_hidden()


def test_what_was_sent_stands_in_the_details(both: tuple[Page, Page, str]) -> None:
    hers, his, _slug = both
    if not his.locator("#details").is_visible():
        his.locator("[data-details-toggle]").click()
    files = his.locator("[data-room-files]")
    files.get_by_role("button", name="Show the room's files").click()
    expect(files).to_contain_text("None yet")
    for number in range(7):
        name = f"plan {number}.txt"
        hers.locator("[data-uploads-input]").set_input_files(brought(name, b"x", "text/plain"))
        expect(hers.locator('[data-upload][data-state="there"]')).to_have_count(1)
        hers.get_by_role("button", name="Send", exact=True).click()
        expect(message(hers, name)).to_have_attribute("data-state", "sent")
    expect(files.get_by_role("listitem").first).to_contain_text("plan 6.txt")
    expect(files.get_by_role("listitem")).to_have_count(5)
    files.get_by_role("button", name="Show more").click()
    expect(files.get_by_role("listitem")).to_have_count(7)
    expect(files.get_by_role("button", name="Show more")).to_be_hidden()
    row = message(hers, "plan 6.txt")
    row.focus()
    hers.keyboard.press("d")
    hers.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(files.get_by_role("listitem")).to_have_count(6)
    expect(files).not_to_contain_text("plan 6.txt")
    files.get_by_role("link", name="Show the message of plan 0.txt").click()
    expect(his).to_have_url(re.compile(r"/rooms/[a-z-]+/[0-9]+$"))
    expect(message(his, "plan 0.txt")).to_be_in_viewport()
    if files.is_visible():
        files.get_by_role("button", name="Hide the room's files").click()
        expect(files.get_by_role("listitem")).to_have_count(0)
