"""A socket that takes nothing at all, and bytes that are no protocol: the server says good-bye to
the one, ends the other, and goes on."""

import asyncio
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = pytest.mark.once

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
PARTS = ("web",)


@pytest.fixture(scope="module")
def brief() -> Iterator[Site]:
    env = {"PARLEY_STALLED_SECONDS": "1", "PARLEY_HEARTBEAT_SECONDS": "1"}
    with Site(env, parts=("web",)) as running:
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


def test_a_reset_behind_bytes_that_nobody_has_read_ends_the_connection(brief: Site) -> None:
    """The event loop then hears of the bytes and of the end at once, and would tell of the bytes
    alone: the connection stayed for ever."""
    until(lambda: "parley_connections 0.0" in metrics(brief), 30, "nobody is left of before")
    guests = [Raw(brief) for _ in range(3)]
    until(lambda: "parley_connections 3.0" in metrics(brief), 30, "all three are known")
    os.kill(brief.web.pid, signal.SIGSTOP)
    try:
        for guest in guests:
            guest.socket.sendall(frame(0x81, (17, b""), True, b"x" * 17))
            guest.vanish()
    finally:
        os.kill(brief.web.pid, signal.SIGCONT)
    until(lambda: "parley_connections 0.0" in metrics(brief), 30, "all three are forgotten")
    assert "ERROR" not in brief.web.log()


def test_requests_that_are_reset_leave_no_open_socket(brief: Site) -> None:
    process = psutil.Process(brief.web.pid)
    with ExitStack() as at_the_end:
        askers = [socket.create_connection(("127.0.0.1", brief.port)) for _ in range(40)]
        for asker in askers:
            at_the_end.callback(asker.close)
            # An answer says that the server has the connection.
            asker.sendall(HEALTH)
            assert asker.recv(4096).startswith(b"HTTP/1.1 200")
        held = process.num_fds()
        os.kill(brief.web.pid, signal.SIGSTOP)
        try:
            for asker in askers:
                asker.sendall(HEALTH)
                reset(asker)
        finally:
            os.kill(brief.web.pid, signal.SIGCONT)
    # Others may come meanwhile, the database's, but not so many.
    until(lambda: process.num_fds() < held - 25, 30, "their sockets are closed")
    assert "ERROR" not in brief.web.log()


def test_who_vanishes_while_their_answers_do_not_fit_is_let_go_at_once(site: Site) -> None:
    """A command is not taken up before there is room for its answer; nobody waits for room on a
    connection that is gone. Here one that takes nothing is not sent away meanwhile."""
    until(lambda: "parley_connections 0.0" in metrics(site), 30, "nobody is left of before")
    guest = Raw(site, receive_buffer=4096)
    until(lambda: "parley_connections 1.0" in metrics(site), 30, "it is known")
    # Every refusal quotes the name.
    command = b'{"type":"%s"}' % (b"x" * 60)
    sent = 0
    guest.socket.settimeout(1)
    with suppress(TimeoutError):
        while sent < 60_000:
            guest.socket.sendall(frame(0x81, (len(command), b""), True, command))
            sent += 1
    guest.vanish()
    until(lambda: "parley_connections 0.0" in metrics(site), 30, "it is forgotten")
    assert "took too long" not in site.web.log()


class Raw:
    """A socket after the handshake, with nobody behind it who would read."""

    def __init__(self, site: Site, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", site.port))
        token = site.user("alice").bearer["Authorization"]
        self.socket.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nAuthorization: {token}\r\n\r\n".encode()
        )
        data = b""
        while b'"hello"' not in data:
            data += self.socket.recv(4096)

    def vanish(self) -> None:
        reset(self.socket)


def reset(which: socket.socket) -> None:
    """Close it without a good-bye."""
    which.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    which.close()


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
