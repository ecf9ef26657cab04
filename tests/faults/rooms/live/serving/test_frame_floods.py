"""Frames that are no messages, in any number: they cost their sender what commands cost, and nobody
else memory or time."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from tests.support.client import SocketClient
from tests.support.raw import Raw, frame, handshake, metric, opened
from tests.support.site import Site
from tests.support.waiting import until

pytestmark = pytest.mark.once

FLOOD = 4509
MEBIBYTE = 1024 * 1024
BURST = 40


@pytest.fixture(scope="module")
def flooded() -> Iterator[Site]:
    # As an installation has it; other tests are in a hurry.
    env = {"PARLEY_COMMANDS_PER_SECOND": "20", "PARLEY_COMMANDS_BURST": str(BURST)}
    with Site(env, parts=("web",)) as running:
        running.room("hall", "alice", "bob")
        yield running


FRAMES = {
    "empty continuations": (frame(0x01), frame(0x00)),
    "short continuations": (frame(0x01, b'{"'), frame(0x00, b"a")),
    "pings": (b"", frame(0x89, b"are you there")),
    "pongs": (b"", frame(0x8A)),
    "one endless frame": (b"\x81\xff" + (2**40).to_bytes(8, "big") + b"mask", b"x" * 65536),
    "an endless message": (frame(0x01, b"x"), frame(0x00, b"x" * 65535)),
    "pings in a message": (frame(0x01, b"x"), frame(0x89) + frame(0x00)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_who_sends_nothing_else_is_sent_away(flooded: Site, kind: str) -> None:
    first, rest = FRAMES[kind]
    process = psutil.Process(flooded.web.pid)
    closes = metric(flooded, f'parley_closes_total{{code="{FLOOD}"}}')
    before = process.memory_info().rss
    with opened(flooded, flooded.user("alice")) as raw:
        raw.send(first)
        try:
            for _ in range(2000):
                raw.send(rest * (1 + 4096 // len(rest)))
        except ConnectionError:
            pass
        said = raw.until_closed()
        assert b'"code":4509' in said or said == b""
    until(lambda: metric(flooded, f'parley_closes_total{{code="{FLOOD}"}}') == closes + 1)
    assert process.memory_info().rss - before < 20 * MEBIBYTE


def test_the_close_says_why(flooded: Site) -> None:
    with opened(flooded, flooded.user("alice")) as raw:
        raw.send(frame(0x01) + frame(0x00) * 1000)
        assert raw.told("bye")["code"] == FLOOD
        assert raw.close_code() == FLOOD


def fill_the_hall(site: Site) -> None:
    """With more than the kernel and a send buffer hold for somebody who reads nothing."""

    async def talk() -> None:
        async with SocketClient(site.socket_url, site.user("bob").bearer) as talker:
            for _ in range(40):
                await talker.say("hall", "x" * 9_000)

    asyncio.run(talk())


def test_pongs_that_nobody_reads_are_one(flooded: Site) -> None:
    """Slowly enough to be no flood, by somebody whose socket is full."""
    process = psutil.Process(flooded.web.pid)
    with opened(flooded, flooded.user("alice"), receive_buffer=4096) as raw:
        raw.send(frame(0x81, b'{"id":1,"type":"subscribe","room":"hall"}'))
        raw.told("subscribed")
        fill_the_hall(flooded)
        before = process.memory_info().rss
        for number in range(200):
            raw.send(frame(0x89, b"%03d" % number + b"x" * 100))
        # It reads again: what it missed, and the answer to the last ping, not to all.
        pongs: list[bytes] = []
        while not pongs or not pongs[-1].startswith(b"199"):
            first, payload = raw.frame()
            if first == 0x8A:
                pongs.append(payload)
        assert len(pongs) < 100
        assert process.memory_info().rss - before < 20 * MEBIBYTE


def test_what_well_behaved_clients_send_costs_nobody_their_line(flooded: Site) -> None:
    """A ping a second, and messages in pieces of a size that libraries choose."""
    body = "y" * 9_000
    with opened(flooded, flooded.user("alice")) as raw:
        for number in range(BURST // 2):
            command = {"id": number, "type": "ping", "body": body * 6}
            data = json.dumps(command).encode()
            pieces = [data[at : at + 4096] for at in range(0, len(data), 4096)]
            raw.send(frame(0x01, pieces[0]))
            for piece in pieces[1:-1]:
                raw.send(frame(0x00, piece))
            raw.send(frame(0x89, b"meanwhile"))
            raw.send(frame(0x80, pieces[-1]))
            first, payload = raw.frame()
            while first != 0x8A:
                first, payload = raw.frame()
            assert payload == b"meanwhile"
            assert raw.told("pong")["id"] == number
        assert not raw.is_closed()


def test_frames_before_the_handshake_is_answered_wait(flooded: Site) -> None:
    ping = frame(0x81, json.dumps({"id": 5, "type": "ping", "x": "\r\n\r\n"}).encode())
    token = flooded.user("alice").bearer["Authorization"]
    with Raw(flooded.port) as raw:
        raw.send(handshake(Authorization=token) + ping + frame(0x81, b"GET / HTTP/1.1\r\n\r\n"))
        raw._up_to(b"\r\n\r\n")
        raw.data = raw.data.partition(b"\r\n\r\n")[2]
        assert raw.told("pong")["id"] == 5


def test_who_closes_and_takes_nothing_is_let_go(flooded: Site) -> None:
    process = psutil.Process(flooded.web.pid)

    def ours() -> int:
        return sum(each.laddr.port == flooded.port for each in process.net_connections("tcp"))

    # The listening socket alone.
    until(lambda: ours() <= 1, 30)
    with ExitStack() as stack:
        raw = stack.enter_context(opened(flooded, flooded.user("alice"), receive_buffer=4096))
        raw.send(frame(0x81, b'{"id":1,"type":"subscribe","room":"hall"}'))
        raw.told("subscribed")
        # No commands whose answers find no place: behind those the close would not be read.
        fill_the_hall(flooded)
        until(lambda: metric(flooded, "parley_lagging_connections") >= 1, 30)
        raw.send(frame(0x88, (1000).to_bytes(2, "big")))
        # In this order: asking for a metric is a connection, too, which takes a moment to go.
        until(lambda: ours() <= 1 and metric(flooded, "parley_connections") == 0, 60)
