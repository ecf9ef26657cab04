"""Several web processes, one of which ends, under load: nothing is lost, nothing told twice."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.faults.test_messages import (
    NAMES,
    everybody_agrees,
    people,
    stored,
    talk,
    under_load,
)
from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until, until_async

# Without position checks, only the watchdog's echo can notice that bells are not heard.
DEAF = {"PARLEY_POSITION_CHECK_SECONDS": "3600"}
# Longer than presence is kept, and than any time-out of a Redis client.
AWAY_SECONDS = 60
ROOMY = {"PARLEY_CONNECTIONS_PER_USER": "1000", "PARLEY_COMMANDS_PER_SECOND": "200"}


@pytest.fixture(scope="module")
def pair() -> Iterator[Site]:
    with Site(parts=("web",), processes=2) as site:
        yield site


@asynccontextmanager
async def two_ends(site: Site, room: str) -> AsyncIterator[tuple[SocketClient, SocketClient]]:
    """Alice at one process and Bob at the other, both in the room."""
    async with (
        SocketClient(site.socket_url, site.user("alice").bearer) as alice,
        SocketClient(site.second_socket_url, site.user("bob").bearer) as bob,
    ):
        for client in (alice, bob):
            await client.subscribe(room)
        yield alice, bob


def test_a_rolling_restart_under_load(pair: Site) -> None:
    """All the time somebody speaks, and everybody hears it, once and in order."""
    room = pair.room("renewed", *NAMES)
    before = set(pair.web_processes())

    def renew() -> None:
        os.kill(pair.web.pid, signal.SIGHUP)
        until(lambda: "All processes are new." in pair.web.log(), 90, "both are new")
        until(lambda: not before & set(pair.web_processes()), 60, "the old ones have gone")

    async def everybody() -> None:
        async with people(pair, room, *NAMES) as clients:
            over = asyncio.Event()

            async def keep_talking(client: SocketClient, name: str) -> dict[str, int]:
                said: dict[str, int] = {}
                while not over.is_set():
                    sent = await client.say(room, f"{name} {len(said)}")
                    said[sent["message"]["body"]] = sent["seq"]
                return said

            work = [
                asyncio.create_task(keep_talking(client, name))
                for client, name in zip(clients, NAMES, strict=True)
            ]
            await clients[0].caught_up(room, clients[0].seen[room] + 20)
            await asyncio.to_thread(renew)
            await until_async(
                lambda: all(each.connections > 1 for each in clients), 30, "all came back"
            )
            over.set()
            said = await asyncio.gather(*work)
            await everybody_agrees(clients, room, said)
            assert stored(pair, room) == sum(map(len, said))

    asyncio.run(everybody())


def test_one_of_two_is_killed_under_load(pair: Site) -> None:
    def kill() -> None:
        first = pair.web_processes()[0]
        os.kill(first, signal.SIGKILL)
        until(lambda: f"(process {first}) died" in pair.web.log(), 30, "its death is known")
        until(lambda: len(pair.web_processes()) == 2, 60, "another one is ready")

    under_load(pair, "halved", kill, count=100)


@pytest.mark.once
@pytest.mark.timeout(300)
def test_five_hundred_sockets_are_drained_and_those_that_sleep_are_cut() -> None:
    with Site(parts=("web",), env=ROOMY) as site:
        room = site.room("crowd", "alice")
        alice = site.user("alice").bearer

        async def everybody() -> None:
            async with AsyncExitStack() as stack:
                gate = asyncio.Semaphore(20)

                async def come(small: bool) -> SocketClient:
                    async with gate:
                        client = SocketClient(site.socket_url, alice, small_buffers=small)
                        await stack.enter_async_context(client)
                        await client.subscribe(room)
                        return client

                crowd = await asyncio.gather(*[come(False) for _ in range(500)])
                sleepers = await asyncio.gather(*[come(True) for _ in range(5)])
                for client in sleepers:
                    client.stop_reading()
                # What is on its way to the sleepers is more than the kernel takes for them.
                for number in range(4):
                    await crowd[0].say(room, f"{number} " + "x" * 9_000)
                last = await crowd[0].say(room, "good night")
                await crowd[0].caught_up(room, last["seq"], timeout=60)
                end = asyncio.create_task(asyncio.to_thread(site.web.terminate, 60))
                codes = [await client.closed(60) for client in crowd]
                assert codes == [4001] * 500
                waits = [client.bye["retry_in"] for client in crowd if client.bye]
                assert len(waits) == 500 and 0 < min(waits) and max(waits) <= 2
                assert len(set(waits)) > 50, "they would all come back at the same moment"
                # Everything that was told before the end has been told to everybody.
                assert {client.seen[room] for client in crowd} == {last["seq"]}
                assert await end == 0
                for client in sleepers:
                    client.read_again()

        asyncio.run(everybody())
        assert "could not end in order" not in site.web.log()


def test_what_is_under_way_is_answered_before_the_end() -> None:
    """Posts that were taken up are acknowledged; a request that has begun gets its answer."""
    with Site(parts=("web",), env=ROOMY) as site:
        room = site.room("lastwords", "alice")
        alice = site.user("alice")

        async def speak() -> None:
            async with people(site, room, "alice") as (client,):
                client.loyal = False
                saying = [asyncio.create_task(client.say(room, f"{n}")) for n in range(30)]
                await until_async(lambda: any(each.done() for each in saying), 30, "one is there")
                site.web.popen.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
                await client.closed(40)
                outcomes = await asyncio.gather(*saying, return_exceptions=True)
                answered = {each["seq"] for each in outcomes if isinstance(each, dict)}
                stored = site.ask(
                    "list(Event.objects.filter(room__slug='lastwords', type='message.created')"
                    ".values_list('seq', flat=True))"
                )
                # Not one message was written without the author's knowing.
                assert answered == set(stored)

        with ExitStack() as stack:
            # Half of a request is there when the end begins.
            request = SlowRequest(site, alice.bearer, room)
            stack.callback(request.close)
            asyncio.run(speak())
            assert site.web.running
            status, headers = request.finish()
            assert status == 201 and headers["connection"] == "close"
            assert site.web.popen is not None and site.web.popen.wait(40) == 0


class SlowRequest:
    """A POST whose body comes in two halves."""

    def __init__(self, site: Site, headers: dict[str, str], room: str) -> None:
        import http.client

        self.body = b'{"body": "by post"}'
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        self.connection.putrequest("POST", f"/api/v1/rooms/{room}/messages")
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.putheader("Content-Type", "application/json")
        self.connection.putheader("Content-Length", str(len(self.body)))
        self.connection.endheaders()
        self.connection.send(self.body[:5])
        # The answer to a later request says that this one has been taken in.
        httpx.get(f"{site.url}/healthz", timeout=60, trust_env=False)

    def finish(self) -> tuple[int, dict[str, Any]]:
        self.connection.send(self.body[5:])
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def close(self) -> None:
        self.connection.close()


@pytest.fixture(scope="module", params=["pubsub", "core"])
def strangers(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Two processes, with either layer, that know of each other through Redis alone."""
    env = {**ROOMY, **DEAF, "CHANNEL_LAYER": request.param}
    with Site(parts=("web", "web2"), env=env) as site:
        yield site


def test_without_redis_everybody_is_told_by_the_database(strangers: Site) -> None:
    site = strangers
    room = site.room("cut-off", "alice", "bob")

    async def both() -> None:
        async with two_ends(site, room) as (alice, bob):
            await talk(alice, room, "before", 5)
            await asyncio.to_thread(site.redis.kill)
            # Acknowledged without Redis, heard at home, and by those in the other process.
            during = await talk(alice, room, "during", 20)
            for client in (alice, bob):
                await client.caught_up(room, max(during.values()), timeout=60)
            await asyncio.to_thread(site.redis.start)
            await talk(bob, room, "after", 5)
            last = max((await talk(alice, room, "again", 5)).values())
            last = max(last, bob.seen[room])
            for client in (alice, bob):
                await client.caught_up(room, last, timeout=60)
            assert alice.bodies(room) == bob.bodies(room)
            assert len(alice.bodies(room)) == 35
            assert alice.connections == bob.connections == 1

    asyncio.run(both())


@pytest.mark.once
def test_emptying_redis_is_noticed_without_traffic(strangers: Site) -> None:
    site = strangers
    room = site.room("emptied", "alice", "bob")

    async def both() -> None:
        async with two_ends(site, room) as (alice, bob):
            for turn in range(3):
                await asyncio.to_thread(site.redis_cli, "FLUSHALL")
                sent = await alice.say(room, f"turn {turn}")
                await bob.caught_up(room, sent["seq"], timeout=60)

    asyncio.run(both())


@pytest.mark.once
def test_a_minute_without_redis(strangers: Site) -> None:
    """People go on talking, each heard by those in the other process before the next speaks."""
    site = strangers
    room = site.room("longer", "alice", "bob")

    async def both() -> None:
        async with two_ends(site, room) as (alice, bob):
            people = {alice: bob, bob: alice}
            said = 0
            await asyncio.to_thread(site.redis.kill)
            over = time.monotonic() + AWAY_SECONDS
            while time.monotonic() < over:
                for speaker, listener in people.items():
                    sent = await speaker.say(room, f"message {said}")
                    await listener.caught_up(room, sent["seq"], timeout=60)
                    said += 1
            await asyncio.to_thread(site.redis.start)
            for speaker, listener in people.items():
                sent = await speaker.say(room, f"message {said}")
                await listener.caught_up(room, sent["seq"], timeout=60)
                said += 1
            for client in people:
                await client.caught_up(room, sent["seq"], timeout=60)
                assert client.bodies(room) == [f"message {number}" for number in range(said)]
                assert client.connections == 1

    asyncio.run(both())
