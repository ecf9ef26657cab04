"""A member of a room as the load has it: a raw socket that counts, and times.

A load reads hundreds of thousands of deliveries a second, so it does not decode them: it counts a
mark in the bytes, walks from frame header to frame header, and takes times out of the text.
"""

import base64
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from .wire import BODY_BYTES, DIGITS, Wire, frame

# Where what was kept of the last read ends, and the new read begins: one buffer for all members,
# because making one for each read would be most of the load's own cost.
RESERVE = 4096
BUFFER = bytearray(RESERVE + (1 << 18))
NEW = memoryview(BUFFER)[RESERVE:]
# Enough for a frame's header, and for a ping whole.
KEPT = 160


class Closed(Exception):
    """The server ended a connection, or refused it."""


@dataclass
class Timings:
    """Of what was sent from `since` on, on `perf_counter_ns`."""

    since: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def restart(self) -> None:
        self.since = time.perf_counter_ns()
        self.milliseconds.clear()


class Tally:
    """What the bytes of one connection hold. With `timings` it times each delivery, too."""

    def __init__(self, wire: Wire, timings: Timings | None = None) -> None:
        self.wire, self.timings = wire, timings
        self.frames = self.bytes = self.asked = self.refused = 0
        # The last bytes; where the next header is, and where timing goes on, from their end.
        self.kept, self.next, self.untimed = b"", 0, 0

    def take(self, size: int, arrived: int) -> int:
        """So many bytes came into NEW; how many deliveries they hold."""
        self.bytes += size
        begin, end = RESERVE - len(self.kept), RESERVE + size
        BUFFER[begin:RESERVE] = self.kept
        self._walk(BUFFER, RESERVE + self.next, end)
        if self.asked:
            self._answers(begin, end)
        if self.timings is None:
            mark = self.wire.mark
            # It may lie across two reads, but must not be found twice.
            count = BUFFER.count(mark, max(begin, RESERVE - len(mark) + 1), end)
        else:
            count = self._timed(begin, end, arrived)
        # At the end of a frame nothing is left to come.
        if self.next == 0:
            self.kept, self.untimed = b"", 0
        else:
            self.kept = bytes(BUFFER[max(begin, end - max(KEPT, self.untimed)) : end])
        return count

    def _timed(self, begin: int, end: int, arrived: int) -> int:
        wire, timings = self.wire, self.timings
        assert timings is not None
        count, at = 0, max(begin, RESERVE - self.untimed)
        while (mark := BUFFER.find(wire.mark, at, end)) >= 0:
            stamp = BUFFER.find(wire.stamp, mark, end) + len(wire.stamp)
            if stamp < mark or stamp + DIGITS > end:
                break
            sent = int(BUFFER[stamp : stamp + DIGITS])
            if sent >= timings.since:
                timings.milliseconds.append((arrived - sent) / 1e6)
            count, at = count + 1, stamp + DIGITS
        # From here on it is looked at again: from an unfinished one, or the beginning of a mark.
        at = max(at, end - len(wire.mark) + 1) if mark < 0 else mark
        self.untimed = min(end - at, RESERVE)
        return count

    def _answers(self, begin: int, end: int) -> None:
        """A member that has said something is told of it, or that it was refused."""
        wire = self.wire
        refused = BUFFER.count(wire.refused, max(begin, RESERVE - len(wire.refused) + 1), end)
        answered = BUFFER.count(wire.answered, max(begin, RESERVE - len(wire.answered) + 1), end)
        self.refused += refused
        self.asked = max(0, self.asked - refused - answered)

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
                self.small(first & 15, bytes(data[start : start + size]))
            self.frames += 1
            at = start + size
        self.next = at - end

    def small(self, kind: int, payload: bytes) -> None:
        """A short frame, or one of control."""


class Member(Tally):
    """A connection."""

    def __init__(
        self,
        port: int,
        wire: Wire,
        token: str = "",
        timings: Timings | None = None,
        receive_buffer: int = 0,
    ) -> None:
        super().__init__(wire, timings)
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
            f"GET {self.wire.path()} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
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
        self._walk(bytearray(data), 0, len(data))
        self.kept = data[-KEPT:] if self.next else b""

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

    def post(self, turn: int, length: int = BODY_BYTES) -> None:
        """Say something to the room."""
        self.send(self.wire.post(turn, length))
        if self.wire.refused:
            self.asked += 1

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()

    def read(self) -> int:
        """Take in what came, once; how many deliveries it holds."""
        size = self.socket.recv_into(NEW)
        if not size:
            raise Closed("the server ended a connection")
        return self.take(size, time.perf_counter_ns())

    def small(self, kind: int, payload: bytes) -> None:
        if kind == 8:
            raise Closed(f"the server ended a connection: {payload!r}")
        if kind == 9:
            self.socket.sendall(frame(payload, 0x8A))
        elif kind < 3 and (answer := self.wire.answer(payload)) is not None:
            self.send(answer)
