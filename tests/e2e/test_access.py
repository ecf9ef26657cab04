"""Access withdrawn in another process reaches real sockets and real pages."""

import asyncio
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.client import Refused, SocketClient
from tests.support.pages import message, say
from tests.support.site import Site

PARTS = ("web",)


def moderate(site: Site, call: str) -> None:
    """In another process than the one that serves the sockets."""
    site.ask(f"actions.{call}")


def person(name: str) -> str:
    return f"User.objects.get(username={name!r})"


def room(slug: str) -> str:
    return f"Room.objects.get(slug={slug!r}).pk"


def test_a_ban_in_another_process_ends_a_subscription(site: Site) -> None:
    site.room("court", "alice", "bob")
    alice, bob = site.user("alice"), site.user("bob")

    async def look() -> None:
        async with (
            SocketClient(site.socket_url, alice.bearer) as hers,
            SocketClient(site.socket_url, bob.bearer) as his,
        ):
            for client in (hers, his):
                await client.subscribe("court")
            with site.api(alice) as api:
                answer = await asyncio.to_thread(
                    api.post, "/rooms/court/bans", json={"user": "bob", "reason": "noise"}
                )
                assert answer.status_code == 201
            told = await his.event("unsubscribed")
            assert (told["room"], told["reason"]) == ("court", "banned")
            last = await hers.say("court", "quiet at last")
            await hers.caught_up("court", last["seq"])
            with pytest.raises(Refused) as refused:
                await his.say("court", "let me in")
            assert refused.value.code == "not_found"
            assert "quiet at last" not in his.bodies("court")

    asyncio.run(look())


def test_the_end_of_a_session_in_another_process_closes_its_socket(site: Site) -> None:
    dora = site.user("dora")

    async def look() -> None:
        headers = {**dora.cookie, "Origin": site.url}
        async with (
            SocketClient(site.socket_url, headers) as page,
            SocketClient(site.socket_url, dora.bearer) as program,
        ):
            await asyncio.to_thread(
                site.ask, f"Session.objects.get(session_key={dora.session!r}).delete()"
            )
            assert await page.closed() == 4503
            assert page.bye is not None and page.bye["reconnect"] is False
            await program.call("ping")
            await asyncio.to_thread(site.ask, f"{person('dora')}.api_tokens.get().delete()")
            assert await program.closed() == 4503

    asyncio.run(look())


@pytest.mark.once
@pytest.mark.browser
def test_a_page_says_that_one_was_put_out(site: Site, open_as: Any) -> None:  # noqa: F811
    site.room("parlour", "alice", "bob", private=True)
    page: Page = open_as("bob", "/rooms/parlour/")
    alice = open_as("alice", "/rooms/parlour/")
    say(alice, "before")
    expect(message(page, "before")).to_be_visible()
    moderate(site, f"remove_member({room('parlour')}, {person('bob')})")
    notice = page.locator("[data-withdrawn]")
    expect(notice).to_contain_text("You are no longer in this room")
    expect(page.get_by_label("Message", exact=True)).to_be_disabled()
    expect(page.locator("[data-rooms] [data-room=parlour]")).to_have_count(0)
    expect(message(page, "before")).to_be_visible()
    say(alice, "after")
    expect(message(alice, "after")).to_have_attribute("data-state", "sent")
    expect(message(page, "after")).to_have_count(0)


@pytest.mark.once
@pytest.mark.browser
def test_the_list_of_rooms_is_right_in_every_tab(site: Site, open_as: Any) -> None:  # noqa: F811
    site.room("salon", "alice", "frida", private=True)
    site.room("balcony", "alice", "frida")
    site.room("cellar", "alice", private=True)
    inside: Page = open_as("frida", "/rooms/salon/")
    outside, directory = inside.context.new_page(), inside.context.new_page()
    outside.goto("/rooms/balcony/")
    directory.goto("/rooms/")
    everywhere = (inside, outside, directory)
    for page in everywhere:
        expect(page.locator("[data-my-state]")).to_have_text("Online")
        expect(page.locator("[data-rooms] [data-room=salon]")).to_have_count(1)
    # What is unread in it goes with it.
    outside.bring_to_front()
    say(open_as("alice", "/rooms/salon/"), "somebody there?")
    expect(outside.locator("[data-rooms] [data-room=salon]")).to_have_attribute("data-unread", "1")
    expect(outside).to_have_title(re.compile(r"^\(1\) "))
    moderate(site, f"ban({room('salon')}, {person('frida')}, None, staff=True)")
    for page in everywhere:
        expect(page.locator("[data-rooms] [data-room=salon]")).to_have_count(0)
    expect(outside).to_have_title(re.compile("^Balcony"))
    moderate(site, f"add_member({room('cellar')}, {person('frida')}, 'member')")
    for page in everywhere:
        expect(page.locator("[data-rooms] [data-room=cellar]")).to_have_count(1)
    expect(inside.locator("[data-withdrawn]")).to_contain_text("you were banned from it")
    moderate(site, f"delete_room({room('cellar')})")
    for page in everywhere:
        expect(page.locator("[data-rooms] [data-room=cellar]")).to_have_count(0)
        expect(page.locator("[data-rooms] [data-room=balcony]")).to_have_count(1)


@pytest.mark.once
@pytest.mark.browser
def test_logging_out_in_another_tab_is_said_on_this_one(site: Site, open_as: Any) -> None:  # noqa: F811
    site.room("porch", "erin")
    page: Page = open_as("erin", "/rooms/porch/")
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    other.get_by_role("button", name="Log out").last.click()
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "closed")
    bar = page.locator("[data-connection]")
    expect(bar).to_contain_text("You are logged out.")
    expect(bar.get_by_role("button", name="Log in")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("a draft")
    # Logged in again elsewhere, and back to this tab.
    log_in(other, site, "erin", site.user("erin").password)
    page.evaluate("window.before = true; window.dispatchEvent(new Event('focus'))")
    page.wait_for_function("() => window.before === undefined")
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    expect(page.get_by_label("Message", exact=True)).to_have_value("a draft")
    say(page, "here again")
    expect(message(page, "here again")).to_have_attribute("data-state", "sent")


def log_in(page: Page, site: Site, name: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username or e-mail").fill(site.user(name).username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("[data-my-state]")).to_have_text("Online")


@pytest.mark.once
@pytest.mark.browser
def test_a_new_password_keeps_this_browser_and_puts_out_the_others(
    site: Site,
    browser: Any,
    open_as: Any,  # noqa: F811
) -> None:
    site.room("attic", "alice", "gina")
    gina = site.user("gina")
    tab: Page = open_as("gina", "/rooms/attic/")
    other = tab.context.new_page()
    elsewhere = browser.new_context(base_url=site.url)
    phone = elsewhere.new_page()
    log_in(phone, site, "gina", gina.password)
    phone.goto("/rooms/attic/")
    expect(phone.locator("[data-shell]")).to_have_attribute("data-phase", "open")
    other.goto("/accounts/password/change/")
    other.locator("[name=oldpassword]").fill(gina.password)
    for name in ("password1", "password2"):
        other.locator(f"[name={name}]").fill("quite another one, much longer")
    with tab.expect_websocket():
        other.locator("[name=password2]").press("Enter")
    shell = tab.locator("[data-shell]")
    expect(shell).to_have_attribute("data-phase", re.compile("open|closed"))
    if shell.get_attribute("data-phase") == "closed":
        # The answer with the new cookie took too long, as it may on a busy machine.
        tab.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(shell).to_have_attribute("data-phase", "open")
    say(tab, "new key, same door")
    expect(message(tab, "new key, same door")).to_have_attribute("data-state", "sent")
    bar = phone.locator("[data-connection]")
    expect(bar).to_contain_text("You are logged out.")
    expect(message(phone, "new key, same door")).to_have_count(0)
    bar.get_by_role("button", name="Log in").click()
    expect(phone.get_by_label("Password")).to_be_visible()
    elsewhere.close()
