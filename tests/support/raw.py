"""Bare TCP connections to a site, for what no well-behaved client does."""

import json
import re
import socket
import struct
from types import TracebackType
from typing import Any

from tests.support.site import Person, Site
from tests.support.waiting import SCALE

MASK = b"\1\2\3\4"


class Raw:
    """A connection to the site's web server; a context manager. `source` is the address that it
    comes from: all of 127/8 is this machine."""

    def __init__(self, port: int, source: str = "", receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(30 * SCALE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.data = b""

    def __enter__(self) -> "Raw":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until_closed(self) -> bytes:
        """Everything that comes before the other side closes."""
        try:
            while chunk := self.socket.recv(65536):
                self.data += chunk
        except ConnectionError:
            pass
        return self.data

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer, which says how long it is."""
        head, self.data = self._up_to(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        size = int(length[1]) if length else 0
        while len(self.data) < size:
            self.data += self._more()
        body, self.data = self.data[:size], self.data[size:]
        return int(head.split(b" ", 2)[1]), body

    def _up_to(self, mark: bytes) -> tuple[bytes, bytes]:
        while mark not in self.data:
            self.data += self._more()
        before, _, after = self.data.partition(mark)
        return before, after

    def _more(self) -> bytes:
        chunk = self.socket.recv(65536)
        assert chunk, f"closed after {self.data!r}"
        return chunk

    def is_closed(self) -> bool:
        """Whether the other side has closed by now; what it said before is in `data`."""
        self.socket.setblocking(False)
        try:
            while chunk := self.socket.recv(65536):
                self.data += chunk
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.socket.settimeout(30 * SCALE)
        return True

    # Sockets --------------------------------------------------------------------------------------

    def frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame."""
        while (found := parsed(self.data)) is None:
            self.data += self._more()
        first, payload, size = found
        self.data = self.data[size:]
        return first, payload

    def told(self, wanted: str) -> dict[str, Any]:
        """The next object of that type, of the frames that come."""
        while True:
            first, payload = self.frame()
            if first == 0x81:
                for each in json.loads(payload):
                    if each["type"] == wanted:
                        return dict(each)

    def close_code(self) -> int:
        """Of the close frame that comes next, whatever comes before."""
        while True:
            first, payload = self.frame()
            if first == 0x88:
                return int.from_bytes(payload[:2], "big")

    def reset(self) -> None:
        """Close it without a good-bye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def handshake(path: str = "/ws/", host: str = "localhost", **headers: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin1")


def opened(site: Site, person: Person, **options: Any) -> Raw:
    """A socket of that person, after its hello."""
    raw = Raw(site.port, **options)
    raw.send(handshake(Authorization=person.bearer["Authorization"]))
    raw._up_to(b"\r\n\r\n")
    raw.data = raw.data.partition(b"\r\n\r\n")[2]
    raw.told("hello")
    return raw


def frame(first: int, payload: bytes = b"") -> bytes:
    """One masked frame."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + MASK + bytes(byte ^ MASK[n % 4] for n, byte in enumerate(payload))


def parsed(data: bytes) -> tuple[int, bytes, int] | None:
    """First byte, payload and size of the unmasked frame at the start of `data`, once it is all
    there."""
    if len(data) < 2:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, size = 4, int.from_bytes(data[2:4], "big")
    elif size == 127:
        start, size = 10, int.from_bytes(data[2:10], "big")
    if len(data) < start + size:
        return None
    return data[0], data[start : start + size], start + size


def metric(site: Site, name: str) -> float:
    """One line of /metrics; 0 where it is not there yet."""
    with site.api() as api:
        text = api.get(f"{site.url}/metrics").text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0
