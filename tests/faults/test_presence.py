"""Two web processes over one Redis, and each of them ends: whoever is there is shown, and nobody
else."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.support.client import SocketClient
from tests.support.process import Process
from tests.support.site import MANAGE, Person, Site, free_port

pytestmark = pytest.mark.once

LEASES = "parley:presence:leases"


class Two:
    """A site with a second web process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        port = free_port()
        ready = f"http://127.0.0.1:{port}/readyz"
        self.socket_url = f"ws://127.0.0.1:{port}/ws/"

        def answers(_: Process) -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(ready, timeout=5, trust_env=False).status_code == 200
            return False

        self.other = site._process("other", [*MANAGE, "serve", "--port", str(port)], answers)
        site.processes["other"] = self.other
        self.other.start()


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with Site(env={"PARLEY_PRESENCE_LEASE_SECONDS": "3"}, parts=("web",)) as site:
        yield Two(site)


async def shown(client: SocketClient, room: str, *people: Person) -> None:
    """Until the last thing that the client was told is that exactly these are here."""
    wanted = sorted(person.id for person in people)

    def told() -> list[int] | None:
        lists = [
            event["present"]
            for event in client.events
            if event["type"] == "presence" and event["room"] == room
        ]
        return [each["id"] for each in lists[-1]] if lists else None

    await client.event(lambda _: told() == wanted, timeout=60)


def both(two: Two, room: str, fault: Callable[[], object], *left: str) -> None:
    """Alice is here, Bob is at the other process; after `fault` those are here who are `left`."""
    site = two.site
    site.room(room, "alice", "bob")
    alice, bob = site.user("alice"), site.user("bob")

    async def test() -> None:
        async with SocketClient(site.socket_url, alice.bearer) as hers:
            await hers.subscribe(room)
            await shown(hers, room, alice)
            his = SocketClient(two.socket_url, bob.bearer)
            await his.open()
            await his.subscribe(room)
            await shown(his, room, alice, bob)
            await shown(hers, room, alice, bob)
            await asyncio.to_thread(fault)
            # Dan comes after the fault: a list with him is none from before.
            there = [site.user(name) for name in (*left, "dan")]
            async with SocketClient(site.socket_url, there[-1].bearer) as news:
                await news.subscribe(room)
                await shown(hers, room, *there)
                if "bob" in left:
                    await shown(his, room, *there)
            await his.close()

    asyncio.run(test())


def test_people_of_a_killed_process_are_gone(two: Two) -> None:
    both(two, "killed", two.other.kill, "alice")
    two.other.start()


def test_a_process_that_stops_gives_its_lease_back(two: Two) -> None:
    def stop() -> None:
        assert two.other.terminate() == 0
        assert two.site.redis_cli("ZCARD", LEASES) == 1

    both(two, "stopped", stop, "alice")
    two.other.start()


def test_an_emptied_redis_is_filled_again(two: Two) -> None:
    both(two, "flushed", lambda: two.site.redis_cli("FLUSHALL"), "alice", "bob")


def test_presence_comes_back_with_redis(two: Two) -> None:
    def kill() -> None:
        two.site.redis.kill()
        two.site.redis.start()

    both(two, "restarted", kill, "alice", "bob")
