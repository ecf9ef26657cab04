"""The load, in a process of its own: members of one room on raw sockets, in a closed loop.

`--in-flight w`: a new message is sent whenever fewer than w messages have not yet reached every
member. Deliveries are counted at every member, latencies at one member in ten, from just before
the sender's write to just after the member's read. Prints one JSON object.

    python -m tests.bench.load --port 8000 --tokens FILE --room lobby --in-flight 8 --seconds 5
"""

import argparse
import base64
import json
import os
import re
import selectors
import socket
import struct
import time
import uuid
from collections.abc import Iterator

MARK = b'"type":"message.created"'
STAMP = re.compile(rb'"body":"t(\d+) ')
SAMPLED = 10
# One buffer for all: making a large one for each read would be most of the load's own cost.
BUFFER = bytearray(1 << 18)
VIEW = memoryview(BUFFER)


class Member:
    """A connection that only counts; its frames are taken apart by their headers."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self._read()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode())

    def _read(self) -> bytes:
        count = self.socket.recv_into(BUFFER)
        if not count:
            raise RuntimeError("the server closed a connection")
        return bytes(VIEW[:count])

    def frames(self) -> Iterator[bytes]:
        """Payloads of the whole frames at hand."""
        data, at = self.data, 0
        while len(data) - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                if len(data) - at < 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if len(data) - at < 10:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) - start < size:
                break
            if data[at] & 0x0F == 9:
                self._send(0x8A, data[start : start + size])
            yield data[start : start + size]
            at = start + size
        self.data = data[at:]

    def read(self) -> Iterator[bytes]:
        self.data += self._read()
        return self.frames()

    def wait_for(self, mark: bytes) -> bytes:
        while True:
            for payload in self.frames():
                if mark in payload:
                    return payload
            self.data += self._read()

    def send(self, command: dict[str, object]) -> None:
        self._send(0x81, json.dumps(command).encode())

    def _send(self, first: int, payload: bytes) -> None:
        size = len(payload)
        header = (
            struct.pack("!BB", first, 0x80 | size)
            if size < 126
            else struct.pack("!BBH", first, 0x80 | 126, size)
        )
        # A mask of zeros is a mask.
        self.socket.sendall(header + b"\0\0\0\0" + payload)


def run(
    port: int, tokens: list[str], room: str, in_flight: int, seconds: float
) -> dict[str, object]:
    started = time.perf_counter()
    members = [Member(port, token) for token in tokens]
    for member in members:
        member.send({"id": 1, "type": "subscribe", "room": room})
    for member in members:
        member.wait_for(b'"type":"subscribed"')
    connecting = time.perf_counter() - started

    selector = selectors.EpollSelector()
    for index, member in enumerate(members):
        member.socket.setblocking(True)
        selector.register(member.socket, selectors.EVENT_READ, (index, member))
    senders = members
    latencies: list[float] = []
    delivered = sent = frames = turn = 0
    text = "x" * 60
    warm_up = min(1.0, seconds / 4)
    begin = time.perf_counter()
    measure_from, stop = begin + warm_up, begin + warm_up + seconds
    base = frames_base = 0
    measuring = False
    while True:
        now = time.perf_counter()
        if not measuring and now >= measure_from:
            measuring, base, frames_base, measure_from = True, delivered, frames, now
        if now >= stop:
            break
        while sent - delivered // len(members) < in_flight:
            turn += 1
            senders[turn % len(senders)].send(
                {
                    "id": turn,
                    "type": "send",
                    "room": room,
                    "body": f"t{time.perf_counter_ns()} {text}",
                    "client_id": str(uuid.uuid4()),
                }
            )
            sent += 1
        for key, _ in selector.select(0.5):
            index, member = key.data
            for payload in member.read():
                count = payload.count(MARK)
                if not count:
                    continue
                delivered += count
                frames += 1
                if measuring and index % SAMPLED == 0:
                    arrived = time.perf_counter_ns()
                    for stamp in STAMP.findall(payload):
                        latencies.append((arrived - int(stamp)) / 1e6)
    spent = time.perf_counter() - measure_from
    latencies.sort()

    def quantile(q: float) -> float:
        return round(latencies[int(q * (len(latencies) - 1))], 1) if latencies else float("nan")

    return {
        "members": len(members),
        "in_flight": in_flight,
        "deliveries_per_second": round((delivered - base) / spent),
        "messages_per_second": round((delivered - base) / len(members) / spent, 1),
        "messages_per_frame": round((delivered - base) / max(1, frames - frames_base), 1),
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
        "connects_per_second": round(len(members) / connecting),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    with open(options.tokens) as lines:
        tokens = lines.read().split()[: options.members]
    print(json.dumps(run(options.port, tokens, options.room, options.in_flight, options.seconds)))


if __name__ == "__main__":
    main()
