"""The staff's page of open connections, with two web processes and a browser."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.client import SocketClient
from tests.support.pair import Pair
from tests.support.waiting import SCALE, until_async

pytestmark = pytest.mark.once

PAGE = "/admin/connections/"
PATIENCE = 30_000 * SCALE


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Pair() as pair:
        yield pair


def test_both_processes_are_listed_by_either_and_a_connection_ends_in_the_other(
    pair: Pair,
) -> None:
    room = pair.site.room("plaza", "alice", "bob")
    operator = pair.site.user("operator", staff=True)

    async def page(which: int) -> str:
        return (await asyncio.to_thread(pair.get, PAGE, operator, which)).text

    async def happen() -> None:
        async with (
            SocketClient(pair.socket_urls[0], pair.site.user("alice").bearer) as hers,
            SocketClient(pair.socket_urls[1], pair.site.user("bob").bearer) as his,
        ):
            await hers.subscribe(room)
            await his.subscribe(room)
            for which in (0, 1):

                async def lists_both(which: int = which) -> bool:
                    text = await page(which)
                    return "2 connections" in text and "Alice" in text and "Bob" in text

                await until_async(lists_both, 30, f"process {which} lists both")

            # The first process is asked to end the connection that the second has.
            async def ended() -> bool:
                text = await page(0)
                found = re.search(rf'value="(\w+/{re.escape(his.hello["connection"])})"', text)
                if found:
                    await asyncio.to_thread(end, found[1])
                return not his.connected

            await until_async(ended, 30, "the connection is ended")
            assert await his.closed() == 4005
            assert his.bye is not None and his.bye["reconnect"]
            assert hers.connected and hers.bye is None

    def end(which: str) -> None:
        with httpx.Client(base_url=pair.urls[0], trust_env=False, timeout=30) as client:
            client.cookies.set(operator.cookie_name, operator.session)
            form = client.get(PAGE).text
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
            assert token
            data = {"csrfmiddlewaretoken": token[1], "which": which}
            headers = {"Origin": pair.urls[0]}
            assert client.post(f"{PAGE}end/", data=data, headers=headers).status_code == 302

    asyncio.run(happen())
    turned_away = pair.get(PAGE, pair.site.user("alice"))
    assert turned_away.status_code == 302 and "login" in turned_away.headers["Location"]


def test_a_ban_ends_the_subscriptions_of_either_process(pair: Pair) -> None:
    pair.site.room("yard", "alice", "bob")
    bob = pair.site.user("bob")

    async def happen() -> None:
        async with (
            SocketClient(pair.socket_urls[0], bob.bearer) as here,
            SocketClient(pair.socket_urls[1], bob.bearer) as there,
        ):
            for client in (here, there):
                await client.subscribe("yard")
            with pair.site.api(pair.site.user("alice")) as api:
                answer = await asyncio.to_thread(api.post, "/rooms/yard/bans", json={"user": "bob"})
                assert answer.status_code == 201
            for client in (here, there):
                told = await client.event("unsubscribed")
                assert (told["room"], told["reason"]) == ("yard", "banned")

    asyncio.run(happen())


@pytest.mark.browser
def test_the_page_keeps_itself_current_and_who_is_disconnected_comes_back(
    pair: Pair, browser: Any
) -> None:
    from playwright.sync_api import expect

    pair.site.room("square", "carol")
    operator, carol = pair.site.user("operator", staff=True), pair.site.user("carol")

    def enter(person: Any, url: str, path: str) -> Any:
        context = browser.new_context(base_url=url)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": person.cookie_name, "value": person.session, "url": url}])
        page = context.new_page()
        page.goto(path)
        return page

    staff = enter(operator, pair.urls[0], f"{PAGE}?user=carol")
    wrong: list[str] = []
    staff.on("pageerror", lambda error: wrong.append(str(error)))
    expect(staff.get_by_text("Nobody who is connected matches.")).to_be_visible(timeout=PATIENCE)
    staff.evaluate("window.notReloaded = true")

    hers = enter(carol, pair.urls[1], "/rooms/square/")
    button = staff.get_by_role("button", name="Disconnect Carol")
    expect(button).to_be_visible(timeout=PATIENCE)
    assert staff.evaluate("window.notReloaded")

    button.focus()
    as_of = staff.locator("[data-live-state]")
    before = as_of.inner_text()
    expect(as_of).not_to_have_text(before, timeout=PATIENCE)
    expect(button).to_be_focused()

    first = button.get_attribute("value")
    button.press("Enter")
    expect(staff.get_by_text("Carol was disconnected and may come back.")).to_be_visible(
        timeout=PATIENCE
    )
    # Her page comes back by itself, as a connection of another name.
    expect(button).to_be_visible(timeout=PATIENCE)
    expect(button).not_to_have_attribute("value", first, timeout=PATIENCE)
    expect(hers.locator("[data-shell][data-phase=open]")).to_be_attached(timeout=PATIENCE)
    assert wrong == []
