"""Thousands of WebSockets in one process: raw non-blocking sockets under one epoll, no tasks.

For the loads of the scenarios. A `Socket` is subclassed to say what happens when it has opened,
when a frame has come and when it has closed; `Sockets` opens them, turns, and gives up in time.
"""

import base64
import heapq
import itertools
import os
import select
import socket
import struct
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from errno import EINPROGRESS
from typing import Any

import orjson

HOST = "127.0.0.1"
READ, WRITE = select.EPOLLIN, select.EPOLLOUT
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
# One buffer for all: making a large one for each read would be most of the load's own cost.
BUFFER = bytearray(1 << 18)
VIEW = memoryview(BUFFER)
CONNECTING, SHAKING, OPEN, CLOSED = range(4)
# Ends a connection without the wait that would keep its port, as a client that vanishes does.
AT_ONCE = struct.pack("ii", 1, 0)


class Late(Exception):
    """What was waited for did not come in time."""


class Socket:
    """One client. Frames are handed over whole, in the order they came."""

    path = "/ws/"
    # The address that it comes from; empty: as the system likes.
    source = ""

    def __init__(self, headers: Mapping[str, str] | None = None, receive_buffer: int = 0) -> None:
        self.headers = dict(headers or {})
        self.receive_buffer = receive_buffer
        self.state = CLOSED
        self.reading = True
        self._in = b""
        self._out = b""
        self._ids = itertools.count(1)
        self.all: Sockets
        self.socket: socket.socket
        self.began = 0.0

    # What a load overrides ---------------------------------------------------------------------

    def opened(self) -> None:
        """The handshake is done."""

    def heard(self, payload: bytes) -> None:
        """A text frame."""

    def closed(self, code: int) -> None:
        """The server has ended it: the close frame's code, 0 without one, -1 when refused."""
        raise ConnectionError(f"the server ended a connection ({code})")

    # What it can do ----------------------------------------------------------------------------

    def command(self, type: str, **fields: Any) -> int:
        """Send a command of the project's protocol; its id."""
        number = next(self._ids)
        self.send(TEXT, orjson.dumps({"id": number, "type": type, **fields}))
        return number

    def say(self, room: str, body: str) -> int:
        return self.command("send", room=room, body=body, client_id=str(uuid.uuid4()))

    def text(self, payload: bytes) -> None:
        self.send(TEXT, payload)

    def send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            header = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            header = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            header = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        # A mask of zeros is a mask.
        self._write(header + b"\0\0\0\0" + payload)

    def stop_reading(self) -> None:
        self.reading = False
        self._watch()

    def read_again(self) -> None:
        self.reading = True
        self._watch()

    def vanish(self) -> None:
        """Go without a word."""
        if self.state != CLOSED:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.all.drop(self)

    # Below: called by `Sockets` ----------------------------------------------------------------

    def connect(self, port: int) -> None:
        self.state, self.reading, self._in, self._out = CONNECTING, True, b"", b""
        self.began = time.perf_counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if self.receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.source:
            self.socket.bind((self.source, 0))
        error = self.socket.connect_ex((HOST, port))
        if error not in (0, EINPROGRESS):
            raise OSError(error, os.strerror(error))

    def on_events(self, events: int) -> None:
        if self.state == CONNECTING:
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._end(-1)
                return
            self.state = SHAKING
            self._write(self._handshake())
        if events & WRITE and self._out:
            data, self._out = self._out, b""
            self._write(data)
        # A hang-up is told however little is watched; it is read as the end.
        if events & ~WRITE and self.state != CLOSED and (self.reading or not events & READ):
            self._read()

    def _handshake(self) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {HOST}:{self.all.port}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def _watch(self) -> None:
        if self.state != CLOSED:
            self.all.watch(self, (READ if self.reading else 0) | (WRITE if self._out else 0))

    def _write(self, data: bytes) -> None:
        if self.state == CLOSED:
            return
        try:
            sent = 0 if self._out else self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            # Reading finds out how it ended.
            return
        if sent < len(data):
            self._out += data[sent:]
        self._watch_if_changed()

    def _watch_if_changed(self) -> None:
        if bool(self._out) != self._waits_to_write:
            self._waits_to_write = bool(self._out)
            self._watch()

    _waits_to_write = True  # connecting is waited for as writing is

    def _read(self) -> None:
        try:
            count = self.socket.recv_into(BUFFER)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            self._end(-1 if self.state == SHAKING else 0)
            return
        data = self._in + VIEW[:count] if self._in else bytes(VIEW[:count])
        if self.state == SHAKING:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._in = data
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self._end(-1)
                return
            self.state, data = OPEN, rest
            self.opened()
        self._in = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        """Take the whole frames out; what is left is the beginning of the next."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                start = at + 4
                size = int.from_bytes(data[at + 2 : start], "big")
            elif size == 127:
                start = at + 10
                size = int.from_bytes(data[at + 2 : start], "big")
            if end - start < size:
                break
            opcode, payload = data[at] & 0x0F, data[start : start + size]
            at = start + size
            if opcode == TEXT:
                self.heard(payload)
            elif opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                self.send(CLOSE, payload[:2])
                self._end(int.from_bytes(payload[:2], "big"))
            if self.state == CLOSED:
                return b""
        return data[at:]

    def _end(self, code: int) -> None:
        self.all.drop(self)
        self.closed(code)


class Sockets:
    """All of a load's sockets to one port, and what is to be done later."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open: dict[int, Socket] = {}
        self._epoll = select.epoll()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def connect(self, each: Socket) -> None:
        each.all = self
        each.connect(self.port)
        each._waits_to_write = True
        self.open[each.socket.fileno()] = each
        self._epoll.register(each.socket.fileno(), WRITE | READ)

    def watch(self, each: Socket, events: int) -> None:
        self._epoll.modify(each.socket.fileno(), events)

    def drop(self, each: Socket) -> None:
        each.state = CLOSED
        if self.open.pop(each.socket.fileno(), None) is not None:
            self._epoll.unregister(each.socket.fileno())
        each.socket.close()

    def vanish(self) -> None:
        for each in list(self.open.values()):
            each.vanish()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.perf_counter() + seconds, next(self._order), call))

    def turn(self, seconds: float = 0.05) -> None:
        """What is due, and what the sockets say within `seconds`."""
        now = time.perf_counter()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()
        if self._later:
            seconds = max(0.0, min(seconds, self._later[0][0] - time.perf_counter()))
        open = self.open
        for number, events in self._epoll.poll(seconds, 4096):
            each = open.get(number)
            if each is not None:
                each.on_events(events)

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > end:
                raise Late(f"not within {seconds:.0f} s: {what}")
            self.turn()

    def run(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.turn(min(left, 0.05))

    def connect_all(
        self,
        them: Iterable[Socket],
        ready: Callable[[Any], bool],
        at_once: int = 50,
        seconds: float = 120,
    ) -> list[float]:
        """Open all of them, `at_once` at a time on the way until `ready`; how long each took."""
        waiting, on_the_way, took = deque(them), set[Socket](), list[float]()
        end = time.perf_counter() + seconds
        total = len(waiting)
        while waiting or on_the_way:
            while waiting and len(on_the_way) < at_once:
                each = waiting.popleft()
                on_the_way.add(each)
                self.connect(each)
            self.turn()
            now = time.perf_counter()
            for each in [each for each in on_the_way if ready(each)]:
                on_the_way.discard(each)
                took.append(now - each.began)
            if now > end:
                raise Late(
                    f"only {len(took)} of {total} connections were let in in {seconds:.0f} s"
                )
        return took
