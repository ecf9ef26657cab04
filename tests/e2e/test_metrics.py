"""The numbers of two web processes, told by either of them."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Iterator
from functools import partial

import pytest

from tests.support.client import Refused, SocketClient
from tests.support.pair import Pair
from tests.support.waiting import until, until_async

pytestmark = pytest.mark.once

RESUMES = 5
MESSAGES = 30


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Pair({"PARLEY_RESUME_EVENTS": str(RESUMES)}) as pair:
        yield pair


def pids(pair: Pair, which: int = 0) -> set[int]:
    return {
        int(dict(labels)["pid"])
        for (name, labels), value in pair.numbers(which).items()
        if name == "parley_process_resident_bytes" and value > 0
    }


def test_what_happened_adds_up_over_both(pair: Pair) -> None:
    """Four members, two on each process; each hears what one of them says."""
    names = ["alice", "bob", "carol", "dan"]
    room = pair.site.room("sums", *names)
    before = pair.numbers()

    def grown(name: str, which: int = 0, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return pair.numbers(which).get(key, 0.0) - before.get(key, 0.0)

    async def becomes(value: float, name: str, **labels: str) -> None:
        """Both tell the same, though not at the very moment."""
        await until_async(
            lambda: asyncio.to_thread(
                lambda: grown(name, 0, **labels) == grown(name, 1, **labels) == value
            ),
            what=f"{name} {labels} grows by {value}, as both tell it",
        )

    async def happen() -> None:
        clients = [
            SocketClient(pair.socket_urls[number % 2], pair.site.user(name).bearer)
            for number, name in enumerate(names)
        ]
        for client in clients:
            await client.open()
            await client.subscribe(room)
        await becomes(4, "parley_connections")
        await becomes(4, "parley_subscriptions")

        start = clients[0].seen[room]
        for number in range(MESSAGES):
            await clients[number % 2].say(room, f"message {number}")
        for client in clients:
            await client.caught_up(room, start + MESSAGES)
        await becomes(4 * MESSAGES, "parley_events_sent_total")
        await becomes(MESSAGES, "parley_commands_total", type="send", outcome="ok")
        await becomes(MESSAGES, "parley_journal_batch_sum")
        # Every answer and every event is at least a part of a frame.
        assert 0 < grown("parley_frames_sent_total") <= 4 + 4 + 5 * MESSAGES + 100
        assert grown("parley_sent_bytes_total") > 4 * MESSAGES * 100
        assert grown("parley_fan_out_seconds_count") >= 2

        with pytest.raises(Refused):
            await clients[0].call("send", room="nowhere", body="?", client_id=str(uuid.uuid4()))
        await becomes(1, "parley_commands_total", type="send", outcome="not_found")

        # Two come back to where they were, and one to where it was too long ago.
        for client in clients[:2]:
            await client.close()
            await client.open()
            await client.subscribe(room, after=start + MESSAGES - 2)
            await client.caught_up(room, start + MESSAGES)
        await becomes(2, "parley_resumes_total", kind="memory")
        await becomes(4 * MESSAGES + 4, "parley_events_sent_total")
        await clients[2].call("subscribe", room=room, after=start)
        await becomes(1, "parley_resumes_total", kind="too_far")

        for url in pair.socket_urls:
            async with SocketClient(url) as stranger:
                assert await stranger.closed() == 4501
        await becomes(2, "parley_closes_total", code="4501")

        for client in clients:
            await client.close()
        await becomes(0, "parley_connections")
        await becomes(0, "parley_subscriptions")

    asyncio.run(happen())


def test_a_loop_that_is_held_up_shows(pair: Pair) -> None:
    """Stopped for a moment, as a loop is by a call that does not return."""
    pid = str(pair.other.pid)
    until(lambda: str(pair.other.pid) in map(str, pids(pair)), what="it is measured")
    os.kill(pair.other.pid, signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: time.monotonic() - stopped > 1)
    os.kill(pair.other.pid, signal.SIGCONT)
    until(lambda: pair.number("parley_loop_lag_seconds", pid=pid) > 0.5, what="the lag is told")


def test_either_process_tells_of_both_and_not_of_the_dead(pair: Pair) -> None:
    both = {pair.web.pid, pair.other.pid}
    until(lambda: pids(pair, 0) == pids(pair, 1) == both, what="both are told of by both")
    numbers = pair.numbers()
    for pid in both:
        label = (("pid", str(pid)),)
        assert numbers["parley_process_resident_bytes", label] > 10 * 2**20
        assert numbers["parley_process_cpu_seconds", label] > 0
        files = numbers["parley_process_open_files", label]
        assert 5 < files < numbers["parley_process_max_files", label]
        assert numbers["parley_loop_lag_seconds", label] >= 0
    (info,) = [key for key in numbers if key[0] == "parley_info"]
    assert numbers[info] == 1 and dict(info[1])["version"]

    pair.site.room("graves", "alice", "bob")

    async def die_connected() -> None:
        survivor = SocketClient(pair.socket_urls[0], pair.site.user("alice").bearer)
        victim = SocketClient(pair.socket_urls[1], pair.site.user("bob").bearer)
        subscribed = partial(pair.number, "parley_commands_total", type="subscribe", outcome="ok")
        first = subscribed()
        for client in (survivor, victim):
            await client.open()
            await client.subscribe("graves")
        await until_async(
            lambda: asyncio.to_thread(lambda: subscribed() >= first + 2),
            what="what they asked for is handed on",
        )
        await until_async(
            lambda: asyncio.to_thread(lambda: pair.number("parley_subscriptions") == 2),
            what="both are counted",
        )
        counted = subscribed()
        pair.other.kill()
        assert pair.number("parley_connections") == pair.number("parley_subscriptions") == 1
        assert pids(pair) == {pair.web.pid}
        # What it had counted stays counted.
        assert subscribed() == counted
        for client in (survivor, victim):
            await client.close()

    asyncio.run(die_connected())
    pair.other.start()
    until(lambda: pids(pair) == {pair.web.pid, pair.other.pid}, what="the new one is told of")
