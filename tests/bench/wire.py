"""How a member speaks to each kind of server, and which bytes mark a delivery. Pure; used by
`member`."""

import json
import os
import struct
import time

BODY_BYTES = 80
DIGITS = 19


def body(length: int = BODY_BYTES) -> str:
    """A text of that many bytes, with the time of its making in it."""
    return f"bench-delivery t{time.perf_counter_ns():0{DIGITS}d} ".ljust(length, "x")


class Wire:
    """Text to all members as it came: `websockets`, FastAPI, the Channels tutorial."""

    first = 0x81
    # Once in every delivery. The longer a mark, the faster it is found.
    mark = b"bench-delivery t"
    # Right before the time; not before the mark.
    stamp = b"bench-delivery t"
    # What the sender is told; neither where it is told nothing.
    answered = refused = b""

    def __init__(self, room: str = "lobby") -> None:
        self.room = room

    def path(self) -> str:
        return "/ws/"

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
    stamp = b'"body":"bench-delivery t'
    # The sender's own answer holds the text too, but is no event.
    answered = b'"type":"sent","room":'
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

    def path(self) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&room={self.room}"

    def opening(self) -> list[tuple[bytes, bytes]]:
        return [(b"", b'"sid"'), (b"40", b"40{")]

    def post(self, turn: int, length: int = BODY_BYTES) -> bytes:
        return f'42["post","{body(length)}"]'.encode()

    def answer(self, payload: bytes) -> bytes | None:
        return b"3" if payload == b"2" else None


class Nats(Wire):
    first = 0x82

    def path(self) -> str:
        return "/"

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
