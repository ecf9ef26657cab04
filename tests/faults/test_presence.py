"""Two web processes over one Redis, and each of them ends: whoever is there is shown, and nobody
else."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.support.client import SocketClient
from tests.support.site import Person, Site

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def two() -> Iterator[Site]:
    env = {"PARLEY_PRESENCE_LEASE_SECONDS": "3"}
    with Site(env=env, parts=("web", "web2")) as site:
        yield site


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


def both(two: Site, room: str, fault: Callable[[], object], *left: str) -> None:
    """Alice is here, Bob is at the other process; after `fault` those are here who are `left`."""
    two.room(room, "alice", "bob")
    alice, bob = two.user("alice"), two.user("bob")

    async def test() -> None:
        async with SocketClient(two.socket_url, alice.bearer) as hers:
            await hers.subscribe(room)
            await shown(hers, room, alice)
            his = SocketClient(two.second_socket_url, bob.bearer)
            await his.open()
            await his.subscribe(room)
            await shown(his, room, alice, bob)
            await shown(hers, room, alice, bob)
            await asyncio.to_thread(fault)
            # Dan comes after the fault: a list with him is none from before.
            there = [two.user(name) for name in (*left, "dan")]
            async with SocketClient(two.socket_url, there[-1].bearer) as news:
                await news.subscribe(room)
                await shown(hers, room, *there)
                if "bob" in left:
                    await shown(his, room, *there)
            await his.close()

    asyncio.run(test())


def test_people_of_a_killed_process_are_gone(two: Site) -> None:
    both(two, "killed", two.web2.kill, "alice")
    two.web2.start()


def test_a_process_that_stops_gives_its_lease_back(two: Site) -> None:
    def stop() -> None:
        assert two.web2.terminate() == 0
        leases = two.ask(
            "from rooms.core.presence_leases import prefix\nresult = prefix() + 'leases'"
        )
        assert two.redis_cli("ZCARD", leases) == 1

    both(two, "stopped", stop, "alice")
    two.web2.start()


def test_an_emptied_redis_is_filled_again(two: Site) -> None:
    both(two, "flushed", lambda: two.redis_cli("FLUSHALL"), "alice", "bob")


def test_presence_comes_back_with_redis(two: Site) -> None:
    def kill() -> None:
        two.redis.kill()
        two.redis.start()

    both(two, "restarted", kill, "alice", "bob")
