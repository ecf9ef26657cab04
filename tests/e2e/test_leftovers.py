"""Connections that have ended leave nothing to the collector: what it has to look at is paid for by
everybody who is still there."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until_async

pytestmark = pytest.mark.once

CONNECTIONS = 20
# Python keeps some for itself: the last exception, what a thread has just worked on.
FEW = 3


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site({"PARLEY_APPS": "tests.collector"}, parts=("web",)) as running:
        running.room("lobby", "alice", "bob")
        yield running


@pytest.mark.parametrize("politely", [True, False], ids=["closed", "vanished"])
def test_a_connection_that_has_ended_is_freed_at_once(site: Site, politely: bool) -> None:
    async def come_and_go() -> None:
        async with SocketClient(site.socket_url, site.user("bob").bearer) as client:
            await client.subscribe("lobby")
            await client.call("ping")
            if not politely:
                client.vanish()

    async def run() -> None:
        async with SocketClient(site.socket_url, site.user("alice").bearer) as client:
            # What is made once is not what a connection leaves.
            await come_and_go()
            await client.call("collector.look")
            for _ in range(CONNECTIONS):
                await come_and_go()
            await until_async(lambda: everybody_is_gone(site), 30, "the last one is forgotten")
            left = (await client.call("collector.look"))["unreachable"]
            assert {name: count for name, count in left.items() if count > FEW} == {}

    asyncio.run(run())


def everybody_is_gone(site: Site) -> bool:
    metrics = httpx.get(f"{site.url}/metrics", trust_env=False).text
    return re.search(r"^parley_connections 1\.0$", metrics, re.MULTILINE) is not None
