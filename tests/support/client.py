"""A client of the socket protocol, on the `websockets` library, that trusts nobody.

It checks of every room that no event is missing, doubled or out of order, and says so at the next
call. For tests in coroutines:

    async with SocketClient(site.socket_url, alice.bearer) as client:
        await client.subscribe("lobby")
        sent = await client.call("send", room="lobby", body="Hi", client_id=str(uuid4()))
        await client.event(lambda event: event.get("seq") == sent["seq"])
"""

import asyncio
import json
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .waiting import POLL_SECONDS, SCALE, until_async

Event = dict[str, Any]
SMALL_BUFFER = 16 * 1024


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, answer: Event) -> None:
        super().__init__(f"{answer['code']}: {answer['message']}")
        self.answer = answer
        self.code: str = answer["code"]


class Lost(Exception):
    """The connection went while an answer was awaited."""


class Wrong(AssertionError):
    """The server broke a promise about the order of a room's events."""


class SocketClient:
    """One connection at a time; `come_back` opens the next and resumes where this one was.

    `small_buffers` keeps the kernel from hiding that nobody reads. `loyal` comes back by itself
    whenever the connection is lost, as the browser does.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        small_buffers: bool = False,
        loyal: bool = False,
    ) -> None:
        self.url = url
        self.headers = dict(headers or {})
        self.small_buffers = small_buffers
        self.loyal = loyal
        self.hello: Event = {}
        self.bye: Event | None = None
        self.events: list[Event] = []
        self.rooms: dict[str, list[Event]] = {}
        self.seen: dict[str, int] = {}
        self.epochs: dict[str, str] = {}
        # Rooms whose answers said that not all would come.
        self.gaps: list[str] = []
        self.connections = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Event]] = {}
        self._last_id = 0
        self._changed = asyncio.Condition()
        self._reading = asyncio.Event()
        self._reading.set()
        self._wrong: Wrong | None = None
        self._coming_back = False
        self._leaving = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leaving = True
        await self.close()
        if error is None and self._wrong is not None:
            raise self._wrong

    # Connecting -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect and wait for the hello."""
        options: dict[str, Any] = {}
        if self.small_buffers:
            where = urlsplit(self.url)
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            raw.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(raw, (where.hostname, where.port))
            options = {"sock": raw, "max_queue": 1}
        self.hello, self.bye = {}, None
        self._socket = await connect(
            self.url,
            additional_headers=self.headers,
            compression=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
            open_timeout=10 * SCALE,
            close_timeout=1,
            **options,
        )
        self.connections += 1
        self._reader = asyncio.create_task(self._read(self._socket))
        await until_async(lambda: self.hello or self.bye or not self.connected, 10, "hello")

    def vanish(self) -> None:
        """Go without a word."""
        assert self._socket is not None
        self._socket.transport.abort()

    @property
    def connected(self) -> bool:
        return self._reader is not None and not self._reader.done()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code if self._socket else None

    async def close(self) -> None:
        if self._socket is not None:
            self._reading.set()
            await self._socket.close()
        if self._reader is not None:
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await self._reader

    async def closed(self, timeout: float = 15) -> int | None:
        """Until the server has closed the connection; the close code."""
        await until_async(lambda: not self.connected, timeout, "the server closes")
        return self.close_code

    async def come_back(self, timeout: float = 30) -> None:
        """Connect again, as often as it takes, and resume every room after what was seen."""
        await self.close()

        async def attempt() -> bool:
            with suppress(OSError, InvalidHandshake, ConnectionClosed, TimeoutError, Lost):
                await self.open()
                if not self.hello:
                    return False
                for room in list(self.seen):
                    await self._resume(room)
                return True
            return False

        await until_async(attempt, timeout, "the server takes the connection again")

    async def _resume(self, room: str) -> None:
        position: dict[str, Any] = {"after": self.seen[room], "epoch": self.epochs[room]}
        answer = await self._call("subscribe", room=room, **position)
        self.epochs[room] = answer["epoch"]
        if not answer["recovered"]:
            self.seen[room] = answer["seq"]
            self.gaps.append(room)

    # Asking ---------------------------------------------------------------------------------------

    async def subscribe(
        self, room: str, after: int | None = None, epoch: str | None = None
    ) -> Event:
        """From here on the room's events are checked and kept in `rooms[room]`."""
        if after is not None:
            self.seen[room] = after
        else:
            # Until the answer says where "live" begins, whatever comes first is believed.
            self.seen[room] = -1
        self.rooms.setdefault(room, [])
        fields: dict[str, Any] = {} if after is None else {"after": after}
        if epoch is not None:
            fields["epoch"] = epoch
        try:
            answer = await self.call("subscribe", room=room, **fields)
        except Refused:
            del self.seen[room]
            raise
        self.epochs[room] = answer["epoch"]
        if self.seen[room] < 0 or not answer["recovered"]:
            self.seen[room] = max(self.seen[room], answer["seq"])
        return answer

    async def call(self, type: str, *, timeout: float = 15, **fields: Any) -> Event:
        """Send a command and return its answer. Raises Refused for an error, Lost without one."""
        self.check()
        answer = await self._call(type, timeout=timeout, **fields)
        self.check()
        return answer

    async def _call(self, type: str, *, timeout: float = 15, **fields: Any) -> Event:
        self._last_id += 1
        number = self._last_id
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        try:
            await self.send_raw(json.dumps({"id": number, "type": type, **fields}))
            async with asyncio.timeout(timeout * SCALE):
                answer = await future
        except ConnectionClosed as error:
            raise Lost(str(error)) from None
        finally:
            self._answers.pop(number, None)
        if answer.get("type") == "error":
            raise Refused(answer)
        return answer

    async def tell(self, type: str, **fields: Any) -> None:
        """Send a command that has no answer."""
        await self.send_raw(json.dumps({"type": type, **fields}))

    async def send_raw(self, frame: str | bytes) -> None:
        if self._socket is None:
            raise Lost("not connected")
        await self._socket.send(frame)

    async def say(self, room: str, body: str, timeout: float = 60) -> Event:
        """Post until it is acknowledged: over lost connections and while the server is busy, always
        with the same `client_id`."""
        client_id = str(uuid.uuid4())
        async with asyncio.timeout(timeout * SCALE):
            while True:
                try:
                    return await self.call("send", room=room, body=body, client_id=client_id)
                except Lost:
                    if not self.loyal:
                        raise
                    # The loss may be known here before the reader has been told of it.
                    await asyncio.sleep(POLL_SECONDS)
                    await until_async(lambda: self.connected and not self._coming_back, timeout)
                except Refused as refused:
                    if not refused.answer["temporary"]:
                        raise
                    await asyncio.sleep(refused.answer.get("retry_after") or 0.1)

    # Hearing --------------------------------------------------------------------------------------

    async def event(
        self, wanted: str | Callable[[Event], bool], timeout: float = 15, since: int = 0
    ) -> Event:
        """The first event of a type, or that a function takes, among those from `since` on (see
        `mark`), waiting for it when it has not come yet."""
        matches = wanted if callable(wanted) else lambda event: event["type"] == wanted

        def found() -> Event | None:
            self.check()
            return next((event for event in self.events[since:] if matches(event)), None)

        try:
            async with asyncio.timeout(timeout * SCALE), self._changed:
                while (event := found()) is None:
                    await self._changed.wait()
                return event
        except TimeoutError:
            last = [event.get("type") for event in self.events[-10:]]
            raise AssertionError(
                f"no such event within {timeout} s; the last were {last}"
            ) from None

    async def caught_up(self, room: str, seq: int, timeout: float = 30) -> None:
        """Until everything of `room` up to `seq` has come."""

        def there() -> bool:
            self.check()
            return self.seen.get(room, 0) >= seq

        await until_async(there, timeout, f"{room} up to {seq}, has {self.seen.get(room)}")

    def mark(self) -> int:
        """Where the events that come from now on begin."""
        return len(self.events)

    def bodies(self, room: str) -> list[str]:
        """The texts of the messages of a room, in order of arrival."""
        created = [event for event in self.rooms[room] if event["type"] == "message.created"]
        return [event["message"]["body"] for event in created]

    def check(self) -> None:
        if self._wrong is not None:
            raise self._wrong

    def stop_reading(self) -> None:
        """Take nothing off the socket any more, until `read_again`."""
        self._reading.clear()

    def read_again(self) -> None:
        self._reading.set()

    # Reading --------------------------------------------------------------------------------------

    async def _read(self, connection: ClientConnection) -> None:
        try:
            while True:
                await self._reading.wait()
                frame = await connection.recv()
                async with self._changed:
                    for item in json.loads(frame):
                        self._take(item)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        except Wrong as wrong:
            self._wrong = wrong
        finally:
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(Lost("the connection was lost"))
            if self.loyal and not self._leaving and not self._coming_back:
                self._return = asyncio.create_task(self._come_back_alone())

    async def _come_back_alone(self) -> None:
        self._coming_back = True
        try:
            while not self._leaving:
                await self.come_back()
                if self.connected:
                    return
        finally:
            self._coming_back = False

    def _take(self, item: Event) -> None:
        if "id" in item:
            future = self._answers.get(item["id"])
            if future is not None and not future.done():
                future.set_result(item)
            return
        if item["type"] == "hello":
            self.hello = item
        elif item["type"] == "bye":
            self.bye = item
        if "at" in item:
            self._take_durable(item)
        self.events.append(item)

    def _take_durable(self, event: Event) -> None:
        room, seq = event["room"], event["seq"]
        if room not in self.seen:
            raise Wrong(f"an event of {room}, which was not subscribed: {event}")
        if self.seen[room] >= 0 and seq != self.seen[room] + 1:
            raise Wrong(f"{room}: {seq} came after {self.seen[room]}")
        self.seen[room] = seq
        self.rooms.setdefault(room, []).append(event)
