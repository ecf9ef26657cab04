"""Layer messages between being received and being heard, bounded in number and in bytes.

A channel layer keeps what nobody has received, some without any bound. So the hub receives at once
whatever there is and puts it here; hearing gives the loop back every few milliseconds. What comes
faster than it is heard is thrown away, all of it, and `lost` is told: bells may be lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from rooms.core.event_bells import LayerMessage
from rooms.live.metrics import names as metrics

HEAR_SECONDS = 0.005
# Size of a message without its events.
MESSAGE_BYTES = 256


def weight(message: LayerMessage) -> int:
    return MESSAGE_BYTES + len(message.get("data", b"")) + sum(map(len, message.get("events", ())))


class Inbox:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        hear: Callable[[LayerMessage], None],
        lost: Callable[[], None],
        most: int,
        most_bytes: int,
    ) -> None:
        self._loop = loop
        self._hear = hear
        self._lost = lost
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[tuple[LayerMessage, int]] = deque()
        self._due = False
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: LayerMessage) -> None:
        size = weight(message)
        if len(self._waiting) >= self._most or self.bytes + size > self._most_bytes:
            self._waiting.clear()
            self.bytes = 0
            metrics.INBOX_OVERFLOWS.inc()
            self._lost()
            return
        self._waiting.append((message, size))
        self.bytes += size
        if not self._due:
            self._due = True
            self._loop.call_soon(self._hear_some)

    def _hear_some(self) -> None:
        until = self._loop.time() + HEAR_SECONDS
        while self._waiting:
            message, size = self._waiting.popleft()
            self.bytes -= size
            self._hear(message)
            if self._loop.time() > until:
                break
        self._due = bool(self._waiting)
        if self._due:
            self._loop.call_soon(self._hear_some)
