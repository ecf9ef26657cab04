"""Muting in real browsers: who looks after the room mutes, the other's field says until when."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# As if only a moment were left of it: the page is told so, as it is told everything.
ALMOST_OVER = """
from datetime import timedelta
from django.utils import timezone
from rooms.core.log import locked
from rooms.core.representations import member
from rooms.models import Mute
room = Room.objects.get(slug={slug!r})
with locked(room.pk) as (logs, room):
    row = Membership.objects.get(room=room, user__username="bob")
    row.muted_until = timezone.now() + timedelta(seconds=2)
    row.save()
    Mute.objects.filter(room=room).update(until=row.muted_until)
    logs.append(room, "member.changed", {{"member": member(row)}})
"""


def details(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details of the room")


def member(page: Page, name: str) -> Locator:
    return details(page).locator(f'[data-member="{name}"]')


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def mute(page: Page, name: str, minutes: str, reason: str = "") -> None:
    member(page, name).locator("[data-more]").click()
    member(page, name).get_by_role("button", name="Mute for …").click()
    dialog = page.get_by_role("dialog", name=f"Mute {name} in")
    dialog.get_by_label("For", exact=True).select_option(minutes)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name="Mute").click()
    expect(dialog).to_be_hidden()


def test_somebody_is_muted_and_writes_again(site: Site, open_as: Open) -> None:
    site.room("quiet", "alice", "bob")
    page, his = open_as("alice", "/rooms/quiet/"), open_as("bob", "/rooms/quiet/")
    say(his, "something loud")
    expect(message(page, "something loud")).to_be_visible()
    box(his).fill("half a sen")
    expect(details(his).get_by_text("Moderation log")).to_be_hidden()

    mute(page, "Bob", "1440", "too loud")
    for each in (page, his):
        expect(member(each, "Bob").get_by_role("img", name="muted until tomorrow")).to_be_visible()
    closed = his.get_by_text("You are muted here until tomorrow at")
    expect(closed).to_be_visible()
    expect(box(his)).to_be_hidden()
    # Nothing is offered that would be refused.
    message(his, "something loud").hover()
    expect(message(his, "something loud").locator("[data-action=link]")).to_be_visible()
    for action in ("edit", "react"):
        expect(message(his, "something loud").locator(f"[data-action={action}]")).to_have_count(0)
    # He reads on, also when he comes again.
    say(page, "you can read this")
    expect(message(his, "you can read this")).to_be_visible()
    his.reload()
    expect(closed).to_be_visible()
    expect(message(his, "you can read this")).to_be_visible()

    member(page, "Bob").locator("[data-more]").click()
    member(page, "Bob").get_by_role("button", name="Unmute").click()
    expect(member(page, "Bob").locator("[data-mark]")).to_have_count(0)
    expect(box(his)).to_have_value("half a sen")
    say(his, "and speak")
    expect(message(page, "and speak")).to_be_visible()

    # What was done can be read, by him as soon as the room says so.
    details(page).get_by_role("button", name="Read").click()
    log: Any = page.get_by_role("dialog", name="Moderation log")
    expect(log.get_by_role("listitem")).to_have_count(2)
    expect(log.get_by_role("listitem").first).to_contain_text("unmuted")
    expect(log.get_by_role("listitem").last).to_contain_text("for 1 day · “too loud”")
    log.get_by_role("button", name="Close").click()
    details(page).get_by_role("button", name="Room settings").click()
    settings = page.get_by_role("dialog", name="Room settings")
    settings.get_by_label("Open moderation log").check()
    settings.get_by_role("button", name="Save").click()
    expect(settings).to_be_hidden()
    details(his).get_by_role("button", name="Read").click()
    log = his.get_by_role("dialog", name="Moderation log")
    expect(log.get_by_role("listitem")).to_have_count(3)
    expect(log).to_contain_text("open log: no → yes")
    expect(log).not_to_contain_text("too loud")


def test_a_mute_ends_by_itself(site: Site, open_as: Open) -> None:
    site.room("brief", "alice", "bob")
    page = open_as("alice", "/rooms/brief/")
    his = open_as("bob", "/rooms/brief/", **PHONE)
    mute(page, "Bob", "10")
    expect(his.get_by_text("You are muted here until")).to_be_visible()
    assert his.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    site.ask(ALMOST_OVER.format(slug="brief"))
    expect(box(his)).to_be_visible()
    expect(member(page, "Bob").locator("[data-mark]")).to_have_count(0)
    # Enter breaks the line here.
    box(his).fill("here again")
    his.get_by_role("button", name="Send", exact=True).tap()
    expect(message(page, "here again")).to_be_visible()
