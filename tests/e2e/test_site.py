"""The parts run together: what the other end-to-end tests stand on."""

import asyncio
import uuid

import pytest

from tests.support.client import Refused, SocketClient
from tests.support.site import MANAGE, Site

# By their commands, each a process of its own from its first import on.
QUICK = False


def test_two_people_talk(site: Site) -> None:
    site.room("plaza", "alice", "bob")

    async def talk() -> None:
        alice, bob = site.user("alice"), site.user("bob")
        async with (
            SocketClient(site.socket_url, alice.bearer) as hers,
            SocketClient(site.socket_url, bob.bearer) as his,
        ):
            assert hers.hello["user"] == {"id": alice.id, "name": "Alice"}
            await hers.subscribe("plaza")
            await his.subscribe("plaza")
            sent = await hers.call("send", room="plaza", body="Hi", client_id=str(uuid.uuid4()))
            heard = await his.event("message.created")
            assert heard["message"] == sent["message"]
            assert heard["seq"] == sent["seq"]

    asyncio.run(talk())


def test_an_event_missed_while_away_comes_on_return(site: Site) -> None:
    site.room("harbour", "alice", "bob")

    async def talk() -> None:
        async with (
            SocketClient(site.socket_url, site.user("alice").bearer) as hers,
            SocketClient(site.socket_url, site.user("bob").bearer, loyal=True) as his,
        ):
            await hers.subscribe("harbour")
            await his.subscribe("harbour")
            await his.say("harbour", "before")
            await asyncio.to_thread(site.web.kill)
            await asyncio.to_thread(site.web.start)
            await hers.come_back()
            last = await hers.say("harbour", "after")
            await his.caught_up("harbour", last["seq"])
            assert his.bodies("harbour") == hers.bodies("harbour") == ["before", "after"]

    asyncio.run(talk())


def test_a_stranger_does_not_learn_of_a_private_room(site: Site) -> None:
    site.room("cellar", "alice", private=True)

    async def look() -> None:
        async with SocketClient(site.socket_url, site.user("charlie").bearer) as client:
            with pytest.raises(Refused) as hidden:
                await client.subscribe("cellar")
            with pytest.raises(Refused) as absent:
                await client.subscribe("nowhere")
            assert hidden.value.code == absent.value.code == "not_found"

    asyncio.run(look())


def test_the_session_cookie_opens_the_socket(site: Site) -> None:
    async def look() -> None:
        headers = {**site.user("alice").cookie, "Origin": site.url}
        async with SocketClient(site.socket_url, headers) as client:
            assert client.hello["user"]["name"] == "Alice"

    asyncio.run(look())


def test_a_process_of_the_site_tells_what_the_database_holds(site: Site) -> None:
    site.room("attic", "alice", "bob")
    assert site.ask("Membership.objects.filter(room__slug='attic').count()") == 2
    assert site.redis_cli("PING")
    assert site.rss("web") > 0


def test_redis_comes_by_its_command_as_well(site: Site) -> None:
    """Tests start what the command becomes, which saves them its loading of Django."""
    site.redis.kill()
    site.redis.command = [*MANAGE, "redis"]
    site.redis.start()
    assert f"Redis listens at {site.folder / 'redis' / 'redis.sock'}" in site.redis.log()
