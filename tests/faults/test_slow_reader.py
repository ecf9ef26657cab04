"""Somebody stops reading while the room is busy: nobody notices, and they miss nothing."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.test_messages import talk
from tests.support.client import SocketClient
from tests.support.site import Site

# It is about sockets and buffers; that all is there after an outage is shown on both databases.
pytestmark = pytest.mark.once

PARTS = ("web",)
MEGABYTE = 1024 * 1024
# What the server's kernel may hold for one socket: left alone it is three megabytes and more.
LARGEST_UNSENT = 256 * 1024


def kernel_holds(port: int) -> list[int]:
    """Bytes that the kernel holds for each of the server's sockets, where it tells."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return [0]
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    ours = [row for row in rows if int(row[1].partition(":")[2], 16) == port]
    return [int(row[4].partition(":")[0], 16) for row in ours]


def test_a_client_that_stops_reading_costs_nobody_anything(site: Site) -> None:
    room = site.room("busy", "alice", "bob", "carol")

    async def everybody() -> None:
        async with (
            SocketClient(site.socket_url, site.user("alice").bearer) as talker,
            SocketClient(site.socket_url, site.user("bob").bearer) as listener,
            SocketClient(site.socket_url, site.user("carol").bearer, small_buffers=True) as sleeper,
        ):
            for client in (talker, listener, sleeper):
                await client.subscribe(room)
            await talk(talker, room, "warm", 100)
            await sleeper.caught_up(room, listener.seen[room])
            before = site.rss("web")

            sleeper.stop_reading()
            # Four megabytes for each listener: more than any buffer on the way may hide.
            text = "x" * 9_000
            for number in range(200):
                sent = await talker.say(room, f"{number} {text}")
                await listener.caught_up(room, sent["seq"])
            assert sleeper.seen[room] < listener.seen[room] - 100, "the sleeper was not asleep"
            assert max(kernel_holds(site.port)) < LARGEST_UNSENT
            grown = site.rss("web") - before
            assert grown < 30 * MEGABYTE, f"{grown / MEGABYTE:.0f} MB more"

            sleeper.read_again()
            await sleeper.caught_up(room, listener.seen[room], timeout=60)
            assert sleeper.bodies(room) == listener.bodies(room)
            # The same connection: being slow for a while is no reason to be sent away.
            assert sleeper.connections == 1 and sleeper.bye is None

    asyncio.run(everybody())
