"""How a member speaks to each kind of server, byte by byte, and what marks a delivery.

A load reads hundreds of thousands of deliveries a second, so it does not decode them: it counts a
mark in the bytes, walks from frame header to frame header, and takes the times of one member in
ten out of the text. Used by every load of the bench.
"""

import base64
import json
import os
import re
import socket
import struct
import time
from contextlib import suppress

# Where what was kept of the last read ends, and the new read begins: one buffer for all members,
# because making one for each read would be most of the load's own cost.
RESERVE = 4096
BUFFER = bytearray(RESERVE + (1 << 18))
NEW = memoryview(BUFFER)[RESERVE:]
# Enough for a frame's header, and for a ping whole.
KEPT = 160
BODY_BYTES = 80


def body(length: int = BODY_BYTES) -> str:
    """A text of that many bytes, with the time of its making in it."""
    return f"bench-delivery t{time.perf_counter_ns():019d} ".ljust(length, "x")


class Wire:
    """Text to all members as it came: `websockets`, FastAPI, the Channels tutorial."""

    path = "/ws/"
    first = 0x81
    # Longer than the head of a frame; the counted bytes are each looked at once.
    mark = b"bench-delivery t"
    stamp = re.compile(rb"bench-delivery t(\d{19})")
    refused = b""

    def __init__(self, room: str = "lobby") -> None:
        self.room = room

    def headers(self, token: str) -> str:
        return ""

    def opening(self) -> list[tuple[bytes, bytes]]:
        """What is said after the handshake, and what to wait for before going on."""
        return []

    def post(self, turn: int, length: int = BODY_BYTES) -> bytes:
        return body(length).encode()

    def answer(self, payload: bytes) -> bytes | None:
        """To a small frame that may be the server's question whether we live."""
        return None


class Ours(Wire):
    mark = b'"type":"message.created"'
    # The sender's own answer holds the text too, but is no event.
    stamp = re.compile(rb'"type":"message\.created".*?"body":"bench-delivery t(\d{19})', re.DOTALL)
    refused = b'"type":"error","code":'

    def headers(self, token: str) -> str:
        return f"Authorization: Bearer {token}\r\n"

    def opening(self) -> list[tuple[bytes, bytes]]:
        command = {"id": 0, "type": "subscribe", "room": self.room}
        return [(json.dumps(command).encode(), b'"type":"subscribed"')]

    def post(self, turn: int, length: int = BODY_BYTES) -> bytes:
        return (
            f'{{"id":{turn + 1},"type":"send","room":"{self.room}","body":"{body(length)}",'
            f'"client_id":"{os.urandom(16).hex()}"}}'
        ).encode()


class SocketIO(Wire):
    """Engine.IO 4 on a WebSocket from the start, as a client with `transports: ["websocket"]`."""

    path = "/socket.io/?EIO=4&transport=websocket"

    def opening(self) -> list[tuple[bytes, bytes]]:
        return [(b"", b'"sid"'), (b"40", b"40{")]

    def post(self, turn: int, length: int = BODY_BYTES) -> bytes:
        return f'42["post","{body(length)}"]'.encode()

    def answer(self, payload: bytes) -> bytes | None:
        return b"3" if payload == b"2" else None


class Nats(Wire):
    path = "/"
    first = 0x82

    def opening(self) -> list[tuple[bytes, bytes]]:
        connect = b'CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\n'
        subscribe = f"SUB {self.room} 1\r\n".encode()
        return [(b"", b"INFO "), (connect + subscribe + b"PING\r\n", b"PONG\r\n")]

    def post(self, turn: int, length: int = BODY_BYTES) -> bytes:
        return f"PUB {self.room} {length}\r\n{body(length)}\r\n".encode()

    def answer(self, payload: bytes) -> bytes | None:
        return b"PONG\r\n" if payload == b"PING\r\n" else None


WIRES: dict[str, type[Wire]] = {"ours": Ours, "plain": Wire, "socketio": SocketIO, "nats": Nats}


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """As a client sends it. A mask of zeros is a mask."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB4x", first, 0x80 | size) + payload
    return struct.pack("!BBH4x", first, 0x80 | 126, size) + payload


class Closed(Exception):
    """The server ended a connection, or refused it."""


class Member:
    """A connection that only counts. `latencies`, when given, gets milliseconds: then this is one
    of the members whose deliveries are timed."""

    def __init__(
        self,
        port: int,
        wire: Wire,
        token: str = "",
        latencies: list[float] | None = None,
        receive_buffer: int = 0,
    ) -> None:
        self.wire, self.latencies = wire, latencies
        self.frames = self.bytes = self.refused = 0
        # The last bytes; where the next header is and where counting goes on, from their end.
        self.kept, self.next, self.uncounted = b"", 0, 0
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open(port, token)
        self.socket.settimeout(None)

    def _open(self, port: int, token: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {self.wire.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{self.wire.headers(token)}\r\n".encode()
        )
        data = self._until(b"", b"\r\n\r\n")
        head, _, data = data.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise Closed(head.decode(errors="replace"))
        for said, awaited in self.wire.opening():
            if said:
                self.send(said)
            data = self._until(data, awaited)
        # Nothing is counted that came before.
        buffer = bytearray(data)
        self._walk(buffer, 0, len(buffer))
        self.kept = data[-KEPT:]

    def _until(self, data: bytes, mark: bytes) -> bytes:
        while mark not in data:
            more = self.socket.recv(1 << 16)
            if not more:
                raise Closed(f"no {mark!r} in {data[-300:]!r}")
            data += more
        return data

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, payload: bytes) -> None:
        self.socket.sendall(frame(payload, self.wire.first))

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()

    def read(self) -> int:
        """Take in what came, once; how many deliveries it holds."""
        size = self.socket.recv_into(NEW)
        if not size:
            raise Closed("the server ended a connection")
        arrived = time.perf_counter_ns()
        self.bytes += size
        begin, end = RESERVE - len(self.kept), RESERVE + size
        BUFFER[begin:RESERVE] = self.kept
        self._walk(BUFFER, RESERVE + self.next, end)
        wire = self.wire
        if self.latencies is None:
            # A mark may lie across two reads, but not within what is kept for it.
            across = max(begin, RESERVE - len(wire.mark) + 1)
            count = BUFFER.count(wire.mark, across, end)
            self.kept = bytes(BUFFER[max(begin, end - KEPT) : end])
        else:
            count, at = 0, max(begin, RESERVE + self.uncounted)
            for match in wire.stamp.finditer(BUFFER, at, end):
                self.latencies.append((arrived - int(match[1])) / 1e6)
                count, at = count + 1, match.end()
            self.uncounted = max(at - end, -RESERVE)
            self.kept = bytes(BUFFER[max(begin, end - max(KEPT, -self.uncounted)) : end])
        if wire.refused:
            across = max(begin, RESERVE - len(wire.refused) + 1)
            self.refused += BUFFER.count(wire.refused, across, end)
        return count

    def _walk(self, data: bytearray, at: int, end: int) -> None:
        """From header to header; answers pings. Leaves `next` as far from the end as it is."""
        while end - at >= 2:
            first, size, start = data[at], data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = (data[at + 2] << 8) | data[at + 3], at + 4
            elif size == 127:
                if end - at < 10:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if size < 8 or first & 8:
                if end - start < size:
                    break
                self._small(first & 15, bytes(data[start : start + size]))
            self.frames += 1
            at = start + size
        self.next = at - end

    def _small(self, kind: int, payload: bytes) -> None:
        if kind == 8:
            raise Closed(f"the server ended a connection: {payload!r}")
        if kind == 9:
            self.socket.sendall(frame(payload, 0x8A))
        elif kind < 3 and (answer := self.wire.answer(payload)) is not None:
            self.send(answer)
