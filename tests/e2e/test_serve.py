"""`manage.py serve --processes 2`: several processes behind one address, seen from outside."""

import asyncio
import os
import re
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import httpx
import psutil
import pytest

from tests.support.client import SocketClient
from tests.support.raw import Raw
from tests.support.site import Site, runs
from tests.support.waiting import until, until_async

pytestmark = pytest.mark.once

SENT = ('outcome="ok"', 'type="send"')


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with Site(parts=("web",), processes=2, env={"PARLEY_CONNECTIONS_PER_USER": "200"}) as site:
        site.room("plaza", "alice", "bob")
        yield site


@pytest.fixture
def pair(running: Site) -> Site:
    """Two processes, whatever the test before has ended."""
    if not running.web.running:
        running.web.start()
    return running


def sockets(site: Site) -> Counter[int]:
    """How many connections each process has."""
    counted: Counter[int] = Counter()
    for process in site.web_processes():
        found = psutil.Process(process).net_connections("tcp")
        counted[process] = sum(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == site.port
            for each in found
        )
    return counted


def renewed(site: Site, before: list[int]) -> bool:
    now = site.web_processes()
    return len(now) == 2 and not set(now) & set(before)


def test_connections_go_to_all_processes_and_hear_each_other(pair: Site) -> None:
    async def talk() -> None:
        async with AsyncExitStack() as stack:
            clients: list[SocketClient] = []
            for _ in range(60):
                client = SocketClient(pair.socket_url, pair.user("alice").bearer)
                clients.append(await stack.enter_async_context(client))
                await client.subscribe("plaza")
            counted = sockets(pair)
            # Each is as likely as the other: never would be a chance of one in 10 to the 18th.
            assert len(counted) == 2 and min(counted.values()) > 0, counted
            sent = [await client.say("plaza", f"{n}") for n, client in enumerate(clients[:20])]
            for client in clients:
                await client.caught_up("plaza", sent[-1]["seq"])
                assert client.bodies("plaza") == [f"{n}" for n in range(20)]

    asyncio.run(talk())


def test_the_log_says_which_process_speaks(pair: Site) -> None:
    log = pair.web.log()
    assert "INFO web 1 rooms.live: Serving" in log
    assert "INFO web 2 rooms.live: Serving" in log


def test_one_that_is_killed_is_started_again_and_the_other_goes_on(pair: Site) -> None:
    async def talk() -> None:
        async with AsyncExitStack() as stack:
            clients: list[SocketClient] = []
            while len(clients) < 2 or min(sockets(pair).values()) == 0:
                client = SocketClient(pair.socket_url, pair.user("bob").bearer, loyal=True)
                clients.append(await stack.enter_async_context(client))
                await client.subscribe("plaza")
            first, second = pair.web_processes()
            os.kill(first, signal.SIGKILL)

            def replaced() -> bool:
                now = pair.web_processes()
                return first not in now and second in now and len(now) == 2

            await until_async(replaced, 60, "a new one is ready")
            assert f"(process {first}) died: killed by SIGKILL" in pair.web.log()
            sent = await clients[0].say("plaza", "all here?")
            for client in clients:
                await client.caught_up("plaza", sent["seq"])
            assert any(client.connections == 1 for client in clients)
            assert any(client.connections > 1 for client in clients)

    asyncio.run(talk())


def test_hangup_renews_all_and_somebody_always_answers(pair: Site) -> None:
    before = pair.web_processes()
    # Also when one has just died, and its place is empty.
    os.kill(before[0], signal.SIGKILL)
    until(lambda: f"(process {before[0]}) died" in pair.web.log(), 30, "its death is known")
    os.kill(pair.web.pid, signal.SIGHUP)

    def answered_all_the_time() -> bool:
        assert httpx.get(f"{pair.url}/healthz", timeout=30, trust_env=False).status_code == 200
        return "All processes are new." in pair.web.log() and renewed(pair, before)

    until(answered_all_the_time, 120, "both are new")
    until(lambda: not any(map(runs, before)), 40, "the old ones are gone")


def test_who_was_let_in_before_the_end_is_answered() -> None:
    with Site(parts=("web",)) as site, Raw(site.port) as newcomer:
        # Connections are let in one after the other: this one was before.
        assert httpx.get(f"{site.url}/healthz", trust_env=False).status_code == 200
        os.kill(site.web.pid, signal.SIGTERM)
        until(lambda: not listens(site.port), 10, "nobody else is let in")
        newcomer.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert newcomer.answer()[0] == 200


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_what_the_dead_have_counted_is_kept_in_one_file_for_all_of_them(pair: Site) -> None:
    def sent() -> float:
        text = httpx.get(f"{pair.url}/metrics", timeout=30, trust_env=False).text
        found = re.findall(r"^parley_commands_total\{(.*)\} (.*)$", text, re.MULTILINE)
        ok = [float(value) for labels, value in found if {*labels.split(",")} == {*SENT}]
        return sum(ok)

    async def talk() -> None:
        for number in range(6):
            async with SocketClient(pair.socket_url, pair.user("alice").bearer) as client:
                await client.subscribe("plaza")
                await client.say("plaza", f"to be counted: {number}")

    first = sent()
    asyncio.run(talk())
    # Handed on once a second; what a killed process had still to hand on is lost.
    until(lambda: sent() >= first + 6, 30, "all are counted")
    counted = sent()
    before = pair.web_processes()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: before[0] not in pair.web_processes(), 30, "its death is known")
    os.kill(pair.web.pid, signal.SIGHUP)
    until(lambda: renewed(pair, before), 120, "both are new")
    (folder,) = (pair.folder / "metrics").iterdir()

    def only_the_living_and_one() -> bool:
        names = {file.name for file in folder.glob("counter_*.db")}
        living = {f"counter_{process}.db" for process in pair.web_processes()}
        return len(living) == 2 and names == living | {"counter_dead.db"}

    until(only_the_living_and_one, 60, "what the dead have counted is taken over")
    assert sent() == counted


def test_told_to_end_all_end_and_the_address_is_free(pair: Site) -> None:
    children = pair.web_processes()

    async def stay() -> None:
        async with SocketClient(pair.socket_url, pair.user("alice").bearer) as client:
            code = asyncio.create_task(asyncio.to_thread(pair.web.terminate))
            assert await client.closed(30) == 4001
            assert client.bye and client.bye["reconnect"] and client.bye["retry_in"] > 0
            assert await code == 0

    asyncio.run(stay())
    assert not any(runs(each) for each in children)
    with socket.create_server(("127.0.0.1", pair.port)):
        pass


def test_children_end_when_their_parent_is_killed(pair: Site) -> None:
    children = pair.web_processes()
    os.kill(pair.web.pid, signal.SIGKILL)
    until(lambda: not any(map(runs, children)), 40, "they have ended")
