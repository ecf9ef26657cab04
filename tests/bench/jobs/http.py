"""A small HTTP/1.1 client that costs little beside what it measures: one connection, one request at
a time, whole answers. Used by the loads `submitting` and `storming`."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, cast

END_OF_HEAD = b"\r\n\r\n"


class Answer(NamedTuple):
    """`headers` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Disconnected(Exception):
    """The server ended the connection in the middle of a request."""


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def parse(data: bytes) -> tuple[Answer, bytes] | None:
    """Pure: the first answer in `data` and what comes behind it, or None while it is not whole."""
    head, found, rest = data.partition(END_OF_HEAD)
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    status = int(first.split(" ", 2)[1])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        whole = _chunks(rest)
        return None if whole is None else (Answer(status, headers, whole[0]), whole[1])
    length = int(headers.get("content-length", "0"))
    if len(rest) < length:
        return None
    return Answer(status, headers, rest[:length]), rest[length:]


def _chunks(data: bytes) -> tuple[bytes, bytes] | None:
    """The body and what comes behind it; trailers are not read."""
    body = b""
    while True:
        size, found, data = data.partition(b"\r\n")
        if not found:
            return None
        length = int(size, 16)
        if len(data) < length + 2:
            return None
        body += data[:length]
        data = data[length + 2 :]
        if not length:
            return body, data


class Client(asyncio.Protocol):
    """Connected by `connect`; `ask` is for one task at a time."""

    def __init__(self) -> None:
        self._data = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are not of asyncio's class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._waiting is None or (found := parse(self._data)) is None:
            return
        answer, self._data = found
        waiting, self._waiting = self._waiting, None
        if not waiting.done():
            waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Disconnected(str(error or "it was closed")))

    @property
    def connected(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, data: bytes) -> Answer:
        """Send what `request` made. Raises Disconnected."""
        if self._transport is None:
            raise Disconnected("it was closed before")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Client:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Client, "127.0.0.1", port)
    return client
