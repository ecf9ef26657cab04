"""The database stands still, or another one takes over: everybody is answered within bounds, what
was acknowledged is there once, and afterwards everything goes on by itself."""

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.support import postgres
from tests.support.client import Refused, SocketClient
from tests.support.own_server import sites_on
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]

# As in production: the tests' own machine gets more.
PROMPT = {"PARLEY_ANSWER_SECONDS": "5"}
# Patience of a test's client: much longer than the server's, much shorter than for ever.
WITHIN_SECONDS = 30


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.cluster({"wal_level": "replica"}) as url:
        yield url


@pytest.fixture
def own(server: str) -> Iterator[Site]:
    with sites_on(server), Site(PROMPT, parts=("web",)) as running:
        yield running


def readiness(site: Site) -> httpx.Response:
    # A load balancer waits about a second.
    return httpx.get(f"{site.url}/readyz", timeout=2 * SCALE, trust_env=False)


class Saying:
    """What somebody wants to say, and says again under the same client_id until it is taken."""

    def __init__(self, client: SocketClient, room: str, body: str) -> None:
        self.client, self.room, self.body = client, room, body
        self.client_id = str(uuid.uuid4())
        self.seq = 0

    async def once(self) -> str:
        try:
            sent = await self.client.call(
                "send",
                timeout=WITHIN_SECONDS,
                room=self.room,
                body=self.body,
                client_id=self.client_id,
            )
        except Refused as refused:
            assert refused.answer["temporary"] and refused.answer["retry_after"]
            return refused.code
        self.seq = sent["seq"]
        return "sent"

    async def until_taken(self) -> None:
        async with asyncio.timeout(2 * WITHIN_SECONDS * SCALE):
            while await self.once() != "sent":
                await asyncio.sleep(0.2)


def test_a_database_that_stands_still_keeps_nobody_waiting(own: Site, server: str) -> None:
    room = own.room("frozen", "alice", "bob")
    alice, bob = own.user("alice"), own.user("bob")

    async def everybody() -> None:
        async with SocketClient(own.socket_url, alice.bearer) as client:
            await client.subscribe(room)
            before = [Saying(client, room, f"before {number}") for number in range(10)]
            assert {await each.once() for each in before} == {"sent"}
            meanwhile = [Saying(client, room, f"meanwhile {number}") for number in range(20)]
            with postgres.frozen(server):
                answers = await asyncio.gather(*[each.once() for each in meanwhile])
                assert set(answers) == {"busy"}
                # From now on it is known, and nobody has to wait for it.
                assert {await each.once() for each in meanwhile} == {"busy"}
                answer = await asyncio.to_thread(readiness, own)
                assert answer.status_code == 503
                assert answer.json()["checks"]["database"] != "ok"
                async with SocketClient(own.socket_url, bob.bearer) as late:
                    await late.closed(WITHIN_SECONDS)
                    assert late.bye is not None
                    assert (late.bye["code"], late.bye["reconnect"]) == (4013, True)
                    assert late.bye["retry_in"] > 0
                for path in ("/api/v1/rooms", "/rooms/"):
                    refused = await asyncio.to_thread(
                        httpx.get,
                        own.url + path,
                        headers=bob.bearer if path.startswith("/api") else bob.cookie,
                        timeout=WITHIN_SECONDS * SCALE,
                        trust_env=False,
                    )
                    assert (refused.status_code, path) == (503, path)
                    assert int(refused.headers["Retry-After"]) >= 1
                assert client.connected, "nobody is sent away"
            await asyncio.gather(*[each.until_taken() for each in meanwhile])
            await client.caught_up(room, max(each.seq for each in before + meanwhile))
            assert sorted(client.bodies(room)) == sorted(each.body for each in before + meanwhile)
            async with SocketClient(own.socket_url, bob.bearer) as late:
                assert late.hello

    asyncio.run(everybody())
    until(lambda: readiness(own).status_code == 200, what="it is ready again")
    texts = bodies(own, server)
    assert len(texts) == len(set(texts)) == 30
    assert own.log("web").count("The database is in trouble") < 20


def test_a_standby_takes_over_from_a_primary_that_stands_still(server: str) -> None:
    with postgres.standby(server) as standby:
        hosts = ",".join(url.rpartition("@")[2].partition("/")[0] for url in (server, standby))
        with sites_on(f"postgres://parley@{hosts}/postgres"), Site(PROMPT, parts=("web",)) as site:
            room = site.room("failover", "alice", "bob")
            asyncio.run(fail_over(site, room, server, standby))
            until(lambda: readiness(site).status_code == 200, what="it is ready again")
            # Whoever looks now must not be held up by the one that is gone.
            postgres.kill(server)
            texts = bodies(site, standby)
            assert len(texts) == len(set(texts)) == 40


async def fail_over(site: Site, room: str, server: str, standby: str) -> None:
    async with (
        SocketClient(site.socket_url, site.user("alice").bearer) as alice,
        SocketClient(site.socket_url, site.user("bob").bearer) as bob,
    ):
        await alice.subscribe(room)
        await bob.subscribe(room)
        before = [Saying(alice, room, f"before {number}") for number in range(20)]
        await asyncio.gather(*[each.until_taken() for each in before])
        until(lambda: position(standby) >= position(server), what="the standby has it all")
        after = [Saying(alice, room, f"after {number}") for number in range(20)]
        with postgres.frozen(server):
            assert set(await asyncio.gather(*[each.once() for each in after])) == {"busy"}
            postgres.execute(standby, "SELECT pg_promote()")
            await asyncio.gather(*[each.until_taken() for each in after])
            await bob.caught_up(room, max(each.seq for each in before + after))
            assert sorted(bob.bodies(room)) == sorted(each.body for each in before + after)
            assert alice.connections == bob.connections == 1


def bodies(site: Site, server: str) -> list[str]:
    """All that was said, as the server has it."""
    url = f"{server.rpartition('/')[0]}/{site.database_name}"
    with psycopg.connect(url) as connection:
        return [text for (text,) in connection.execute("SELECT body FROM rooms_message")]


def position(url: str) -> int:
    """How far a server has got, in bytes of its log."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
            " ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn"
        ).fetchone()
        assert row is not None
        return int(row[0])
