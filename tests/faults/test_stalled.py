"""A socket that takes nothing at all, and bytes that are no protocol: the server says good-bye to
the one, ends the other, and goes on."""

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = pytest.mark.once
PARTS = ("web",)


@pytest.fixture(scope="module")
def brief() -> Iterator[Site]:
    with Site({"PARLEY_STALLED_SECONDS": "1"}, parts=("web",)) as running:
        yield running


def test_who_takes_nothing_is_sent_away_and_misses_nothing(brief: Site) -> None:
    room = brief.room("stalled", "alice", "bob")

    async def everybody() -> None:
        async with (
            SocketClient(brief.socket_url, brief.user("alice").bearer) as talker,
            SocketClient(brief.socket_url, brief.user("bob").bearer, small_buffers=True) as sleeper,
        ):
            await talker.subscribe(room)
            await sleeper.subscribe(room)
            sleeper.stop_reading()
            text = "x" * 9_000
            # Until the kernel and the server hold all they may, and then for a second.
            while 'parley_closes_total{code="4008"} 1.0' not in metrics(brief):
                for _ in range(20):
                    await talker.say(room, text)
            sleeper.read_again()
            assert await sleeper.closed() in (4008, 1006)
            await sleeper.come_back()
            await sleeper.caught_up(room, talker.seen[room], timeout=60)
            assert sleeper.bodies(room) == talker.bodies(room)
            assert talker.connections == 1

    asyncio.run(everybody())


def metrics(site: Site) -> str:
    with site.api() as api:
        return api.get(f"{site.url}/metrics").text


def frame(first: int, length: tuple[int, bytes], masked: bool, payload: bytes) -> bytes:
    code, extended = length
    mask = b"\1\2\3\4" if masked else b""
    return bytes([first, code | (0x80 if masked else 0)]) + extended + mask + payload


lengths = st.one_of(
    st.integers(0, 125).map(lambda size: (size, b"")),
    st.integers(0, 2**16 - 1).map(lambda size: (126, size.to_bytes(2, "big"))),
    st.integers(0, 2**64 - 1).map(lambda size: (127, size.to_bytes(8, "big"))),
)
pieces = st.one_of(
    st.binary(max_size=200),
    # Any opcode, reserved bits, fragments, control frames that are too long, unmasked ones.
    st.builds(frame, st.integers(0, 255), lengths, st.booleans(), st.binary(max_size=200)),
)


@given(st.booleans(), st.booleans(), st.lists(pieces, max_size=6))
def send_anything(site: Site, known: bool, upgraded: bool, sent: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=30 * SCALE) as raw:
        if upgraded:
            token = f"Authorization: Bearer {site.user('alice').token}\r\n" if known else ""
            raw.sendall(
                f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                f"Sec-WebSocket-Version: 13\r\n{token}\r\n".encode()
            )
            assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")
        try:
            for piece in sent:
                raw.sendall(piece)
        except OSError:
            return


def test_any_bytes_leave_the_server_up(site: Site) -> None:
    room = site.room("sturdy", "alice", "bob")

    async def everybody() -> None:
        async with SocketClient(site.socket_url, site.user("bob").bearer) as witness:
            await witness.subscribe(room)
            await asyncio.to_thread(send_anything, site)
            await witness.say(room, "still here")
            assert witness.connections == 1

    asyncio.run(everybody())
    assert site.web.popen is not None
    os.kill(site.web.popen.pid, 0)
    for sign in ("Traceback", "Unhandled", "could not be"):
        assert sign not in site.log("web")
