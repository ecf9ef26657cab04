"""Plugs are pulled while people talk: everything acknowledged arrives, once, in one order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.support.client import SocketClient
from tests.support.site import Site

PARTS = ("web",)
NAMES = ("alice", "bob", "carol", "dave", "erin")


@asynccontextmanager
async def people(site: Site, room: str, *names: str) -> AsyncIterator[list[SocketClient]]:
    """Each name on a socket that comes back by itself, listening to the room."""
    async with AsyncExitStack() as stack:
        clients = []
        for name in names:
            client = SocketClient(site.socket_url, site.user(name).bearer, loyal=True)
            clients.append(await stack.enter_async_context(client))
            await client.subscribe(room)
        yield clients


async def talk(client: SocketClient, room: str, name: str, count: int) -> dict[str, int]:
    """Say `count` things, several at a time; returns the seq of each as it was acknowledged."""
    gate = asyncio.Semaphore(8)

    async def say(number: int) -> tuple[str, int]:
        async with gate:
            sent = await client.say(room, f"{name} {number}")
            return sent["message"]["body"], sent["seq"]

    return dict(await asyncio.gather(*[say(number) for number in range(count)]))


async def everybody_agrees(
    clients: list[SocketClient], room: str, said: list[dict[str, int]]
) -> None:
    """What was acknowledged is what everybody has: once, at the seq of the acknowledgement."""
    acknowledged = {body: seq for each in said for body, seq in each.items()}
    head = max(acknowledged.values())
    for client in clients:
        await client.caught_up(room, head, timeout=60)
        heard = [
            (event["message"]["body"], event["seq"])
            for event in client.rooms[room]
            if event["type"] == "message.created"
        ]
        assert len(heard) == len(acknowledged)
        assert dict(heard) == acknowledged
        seqs = [event["seq"] for event in client.rooms[room]]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert len({tuple(client.bodies(room)) for client in clients}) == 1


def stored(site: Site, room: str) -> int:
    count = site.ask(f"Message.objects.filter(room__slug={room!r}).count()")
    return int(count)


def test_a_thousand_messages_of_five_people_at_once(site: Site) -> None:
    room = site.room("thousand", *NAMES)

    async def everybody() -> None:
        async with people(site, room, *NAMES) as clients:
            said = await asyncio.gather(
                *[
                    talk(client, room, name, 200)
                    for client, name in zip(clients, NAMES, strict=True)
                ]
            )
            assert all(client.connections == 1 for client in clients)
            await everybody_agrees(clients, room, said)

    asyncio.run(everybody())
    assert stored(site, room) == 1000
    log = site.ask(f"list(Event.objects.filter(room__slug={room!r}).values_list('seq', flat=True))")
    assert log == list(range(1, len(log) + 1))


def under_load(site: Site, room: str, pull: Callable[[], object], count: int = 150) -> None:
    """Five people talk; in the middle of it `pull` is done."""
    site.room(room, *NAMES)

    async def everybody() -> None:
        async with people(site, room, *NAMES) as clients:
            work = [
                asyncio.create_task(talk(client, room, name, count))
                for client, name in zip(clients, NAMES, strict=True)
            ]
            first = clients[0].seen[room]
            await clients[0].caught_up(room, first + count)
            await asyncio.to_thread(pull)
            said = await asyncio.gather(*work)
            await everybody_agrees(clients, room, said)

    asyncio.run(everybody())
    assert stored(site, room) == 5 * count


def test_the_web_process_is_killed_under_load(site: Site) -> None:
    def kill() -> None:
        site.web.kill()
        site.web.start()

    under_load(site, "killed", kill)


def test_the_web_process_is_restarted_under_load(site: Site) -> None:
    codes = []

    def restart() -> None:
        codes.append(site.web.terminate())
        site.web.start()

    under_load(site, "restarted", restart)
    assert codes == [0]


def test_redis_is_emptied_under_load(site: Site) -> None:
    under_load(site, "flushed", lambda: site.redis_cli("FLUSHALL"))


def test_redis_is_killed_under_load(site: Site) -> None:
    def kill() -> None:
        site.redis.kill()
        site.redis.start()

    under_load(site, "redisless", kill)
