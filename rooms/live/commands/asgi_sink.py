"""A socket on a server that is not ours: frames go through ASGI's `send`. Made by `consumer`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from rooms.live.delivery.connection import Sink
from rooms.live.delivery.sendbuffer import Frame

logger = logging.getLogger(__name__)

# How long a server may take to send a close.
CLOSING_SECONDS = 5.0

AsgiReceive = Callable[[], Awaitable[dict[str, Any]]]
AsgiSend = Callable[[dict[str, Any]], Awaitable[None]]


class SocketSink(Sink, Protocol):
    """A sink as the consumer sets it up: what it calls when something happens to the socket."""

    # It has handed everything to the socket.
    on_writable: Callable[[], None]
    # The socket is no more.
    on_lost: Callable[[], None]
    # The client sends more than it may.
    on_flood: Callable[[], None]

    def on_received(self) -> None:
        """The consumer has taken a frame, and takes another one."""
        ...

    def let_in(self, user_id: int) -> None:
        """The client is known: it counts as a connection, no more as a guest."""
        ...


class AsgiSink:
    """A socket behind ASGI: one frame at a time, the next when `send` has returned."""

    def __init__(self, send: AsgiSend) -> None:
        self._send = send
        self._held = 0
        self._taken = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: asyncio.Task[None] | None = None
        self._receiving: asyncio.Future[dict[str, Any]] | None = None
        self._closing = False
        self.writable = True
        self.on_writable: Callable[[], None] = lambda: None
        self.on_lost: Callable[[], None] = lambda: None
        self.on_flood: Callable[[], None] = lambda: None

    def write(self, frame: Frame) -> None:
        self.writable = False
        self._held += len(frame.payload)
        self._start(self._deliver(frame))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._last = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, frame: Frame) -> None:
        try:
            await self._send({"type": "websocket.send", "text": frame.payload.decode()})
        except Exception as error:
            logger.debug("A frame was not taken: %r", error)
        self._held -= len(frame.payload)
        self._taken += len(frame.payload)
        self.writable = True
        self.on_writable()

    def on_received(self) -> None:
        """How much it reads ahead is that server's affair."""

    def let_in(self, user_id: int) -> None:
        """Who else is there is that server's affair."""

    def held(self) -> int:
        return self._held

    def taken(self) -> int:
        return self._taken

    async def receive(self, receive: AsgiReceive) -> dict[str, Any]:
        """What comes next; after a close of ours, the end. There are servers (granian) that send no
        close while somebody waits to receive, and keep the socket until the application ends."""
        if not self._closing:
            self._receiving = asyncio.ensure_future(receive())
            try:
                return await self._receiving
            except asyncio.CancelledError:
                if not self._closing:
                    raise
            finally:
                self._receiving = None
        if self._last is not None:
            await asyncio.wait([self._last], timeout=CLOSING_SECONDS)
        return {"type": "websocket.disconnect"}

    def close(self, code: int, reason: str) -> None:
        self._closing = True
        self._start(self._finish(self._last, code, reason))

    async def _finish(self, before: asyncio.Task[None] | None, code: int, reason: str) -> None:
        if before is not None:
            await asyncio.wait([before], timeout=1)
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.wait([self._receiving], timeout=1)
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception as error:
            logger.debug("The socket was closed already: %r", error)
