"""Addresses of messages in real browsers: opened, followed, copied, gone back from."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_places import FILL
from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
NOT_HERE = "That message is not here any more."
ID = "result = Message.objects.get(room__slug={room!r}, body={body!r}).pk"
ANSWER = """
result = actions.post_message(actions.Post(User.objects.get(username={who!r}), {room!r}, {body!r},
    reply_to={to}))["id"]
"""
DELETE = "actions.delete_message(User.objects.get(username='bob'), {room!r}, {id})"


def filled(site: Site, room: str, count: int = 400) -> None:
    site.room(room, "alice", "bob")
    site.ask(FILL.format(room=room, count=count))


def id_of(site: Site, room: str, body: str) -> int:
    found: int = site.ask(ID.format(room=room, body=body))
    return found


def read_up_to(site: Site, room: str, name: str) -> int:
    row = f"Membership.objects.get(room__slug={room!r}, user__username={name!r})"
    seq: int = site.ask(f"result = {row}.read_seq")
    return seq


def expect_shown(page: Page, body: str) -> None:
    row = message(page, body)
    expect(row).to_be_in_viewport()
    expect(row).to_be_focused()
    expect(row).to_have_class(re.compile(r"\bflash\b"))


def copied(page: Page) -> Any:
    return page.evaluate("() => navigator.clipboard.readText()")


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_an_old_message_is_opened_by_its_address(
    site: Site, open_as: Open, options: dict[str, Any]
) -> None:
    room = f"stacks-{len(options)}"
    filled(site, room)
    old = id_of(site, room, "line 0040")
    # What Alice has not read stays so.
    site.ask(ANSWER.format(who="bob", room=room, body="the news", to=None))
    before = read_up_to(site, room, "alice")
    page = open_as("alice", f"/rooms/{room}/{old}", **options)
    expect_shown(page, "line 0040")
    expect(message(page, "line 0041")).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("[data-unread-bar]")).to_be_hidden()
    expect(message(page, "line 0040")).not_to_have_class(re.compile(r"\bflash\b"))
    jump = page.locator("[data-jump]")
    expect(jump).to_be_visible()
    assert read_up_to(site, room, "alice") == before
    jump.click()
    expect(message(page, "the news")).to_be_in_viewport()


def test_a_link_in_a_message_is_followed_and_gone_back_from(site: Site, open_as: Open) -> None:
    filled(site, "hall")
    filled(site, "annex")
    there, elsewhere = id_of(site, "hall", "line 0030"), id_of(site, "annex", "line 0020")
    page = open_as("alice", "/rooms/hall/")
    page.evaluate("() => { window.same = true; }")
    say(page, f"look at {site.url}/rooms/hall/{there} and {site.url}/rooms/annex/{elsewhere}")
    expect(message(page, "look at")).to_have_attribute("data-state", "sent")
    message(page, "look at").get_by_role("link").first.click()
    expect_shown(page, "line 0030")
    expect(page).to_have_url(f"{site.url}/rooms/hall/{there}")
    page.go_back()
    expect(page).to_have_url(f"{site.url}/rooms/hall/")
    expect(message(page, "look at")).to_be_in_viewport()
    message(page, "look at").get_by_role("link").last.click()
    expect(page.get_by_role("heading", name="Annex", exact=True)).to_be_visible()
    expect_shown(page, "line 0020")
    expect(page).to_have_url(f"{site.url}/rooms/annex/{elsewhere}")
    page.go_back()
    expect(page.get_by_role("heading", name="Hall", exact=True)).to_be_visible()
    page.go_forward()
    expect_shown(page, "line 0020")
    # The room itself, chosen again, is the room.
    page.get_by_role("navigation", name="Your rooms").get_by_role("link", name="Annex").click()
    expect(page).to_have_url(f"{site.url}/rooms/annex/")
    expect(message(page, "line 0400")).to_be_in_viewport()
    assert page.evaluate("() => window.same"), "the page was never loaded again"
    # Bob, who reads it there, sees the same.
    bob = open_as("bob", f"/rooms/hall/{there}")
    expect_shown(bob, "line 0030")


def test_a_message_that_is_gone_opens_its_room(site: Site, open_as: Open) -> None:
    site.room("pier", "alice", "bob")
    site.room("dock", "bob")
    gone = site.ask(ANSWER.format(who="bob", room="pier", body="gone", to=None))
    answered = site.ask(ANSWER.format(who="bob", room="pier", body="answered", to=None))
    site.ask(ANSWER.format(who="bob", room="pier", body="an answer", to=answered))
    secret = site.ask(ANSWER.format(who="bob", room="dock", body="secret", to=None))
    for each in (gone, answered):
        site.ask(DELETE.format(room="pier", id=each))
    said = "[data-composer-words]"
    for number in (gone, secret, 10**12):
        page = open_as("alice", f"/rooms/pier/{number}")
        expect(page.locator(said)).to_have_text(NOT_HERE)
        expect(message(page, "an answer")).to_be_in_viewport()
        expect(page.get_by_role("heading", name="Pier", exact=True)).to_be_visible()
    page = open_as("alice", f"/rooms/pier/{answered}")
    expect(page.locator(said)).to_have_text(NOT_HERE)
    expect(page.locator("[data-entries] > .deleted")).to_be_focused()
    page.get_by_label("Message", exact=True).press_sequentially("oh")
    expect(page.locator(said)).to_be_hidden()


def test_links_that_lead_nowhere(browser: Any, site: Site) -> None:
    site.room("quay", "alice", "bob")
    site.room("cellar", "bob")
    gone = site.ask(ANSWER.format(who="bob", room="quay", body="gone", to=None))
    secret = site.ask(ANSWER.format(who="bob", room="cellar", body="secret", to=None))
    links = f"{site.url}/rooms/quay/{gone} {site.url}/rooms/cellar/{secret}"
    site.ask(ANSWER.format(who="bob", room="quay", body=links, to=None))
    site.ask(DELETE.format(room="quay", id=gone))
    site.ask("result = Room.objects.filter(slug='cellar').update(visibility='private')")
    alice = site.user("alice")
    # The console complains of what is not found, which is meant.
    context = browser.new_context(base_url=site.url)
    context.add_cookies([{"name": alice.cookie_name, "value": alice.session, "url": site.url}])
    with context.new_page() as page:
        page.goto("/rooms/quay/")
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        message(page, links).get_by_role("link").first.click()
        expect(page.locator("[data-composer-words]")).to_have_text(NOT_HERE)
        message(page, links).get_by_role("link").last.click()
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        expect(page.get_by_text("secret")).to_have_count(0)
        page.go_back()
        expect(message(page, links)).to_be_visible()
    context.close()


def test_the_link_of_a_message_is_copied(site: Site, open_as: Open) -> None:
    site.room("press", "alice", "bob")
    allowed = {"permissions": ["clipboard-read", "clipboard-write"]}
    alice, bob = open_as("alice", "/rooms/press/", **allowed), open_as("bob", "/rooms/press/")
    say(bob, "worth keeping")
    row = message(alice, "worth keeping")
    expect(row).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Copy the link of the message of Bob").click()
    expect(alice.get_by_role("status").filter(has_text="Link copied")).to_be_visible()
    address = f"{site.url}/rooms/press/{id_of(site, 'press', 'worth keeping')}"
    assert copied(alice) == address
    expect(alice.locator("[data-toast]")).to_be_empty()
    alice.evaluate("() => navigator.clipboard.writeText('other')")
    row.focus()
    alice.keyboard.press("l")
    expect(alice.locator("[data-toast]")).to_have_text("Link copied")
    assert copied(alice) == address
    # Where the clipboard is refused, people copy it themselves.
    bob.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    message(bob, "worth keeping").focus()
    bob.keyboard.press("l")
    field = bob.get_by_role("dialog", name="Copy this link").get_by_role("textbox")
    expect(field).to_have_value(address)
    assert bob.evaluate("() => getSelection().toString()") == address
    bob.keyboard.press("Escape")
    expect(message(bob, "worth keeping")).to_be_focused()


def test_a_reply_leads_to_what_is_not_loaded(site: Site, open_as: Open) -> None:
    filled(site, "attic")
    old = id_of(site, "attic", "line 0025")
    site.ask(ANSWER.format(who="bob", room="attic", body="as I said", to=old))
    page = open_as("alice", "/rooms/attic/")
    quote = message(page, "as I said").get_by_role("link", name="In reply to")
    expect(quote).to_contain_text("An earlier message")
    quote.click()
    expect_shown(page, "line 0025")
    page.go_back()
    expect(message(page, "as I said")).to_be_in_viewport()
    # By keyboard it is the next stop after the message.
    message(page, "as I said").focus()
    page.keyboard.press("Tab")
    expect(quote).to_be_focused()
    page.keyboard.press("Enter")
    expect_shown(page, "line 0025")
    page.go_back()
    site.ask(DELETE.format(room="attic", id=old))
    quote.click()
    mark = page.locator("[data-entries] > .deleted")
    expect(mark).to_be_focused()
    expect(mark).to_contain_text("Message deleted")
    expect(page.locator("[data-composer-words]")).to_have_text(NOT_HERE)


def test_where_nothing_may_move_the_mark_stands_still(site: Site, open_as: Open) -> None:
    filled(site, "vault", 60)
    old = id_of(site, "vault", "line 0030")
    page = open_as("alice", f"/rooms/vault/{old}", reduced_motion="reduce")
    row = message(page, "line 0030")
    marked = "row => getComputedStyle(row).backgroundColor"
    expect_shown(page, "line 0030")
    clear = message(page, "line 0031").evaluate(marked)
    assert row.evaluate(marked) != clear
    expect(row).not_to_have_class(re.compile(r"\bflash\b"))
    assert row.evaluate(marked) == clear
