"""One connection's send buffer: what it is still to be told, in three lanes, and never a queue of
messages. Pure: no socket, no loop.

- control: answers. Bounded by the commands in flight, because no command is taken up while what
  they may be answered is over its share.
- durable: subscriptions whose cursor is behind their room's head. They cost a number each.
- ephemeral: the last value of each key; the oldest key goes first when there are too many.

`take` gives control before durable before ephemeral. Called by `connection`.
"""

from collections import deque
from typing import NamedTuple, Protocol

from rooms.protocol import frame

EPHEMERAL_KEYS = 64


class Shares(NamedTuple):
    """What a connection may hold, in bytes, divided among those who hold it: all of
    `send_buffer_bytes` together. One answer and one event may each be larger than its share."""

    # Answers that wait, and those that are still to come. Above it no command is taken up.
    control: int
    ephemeral: int
    # Events read from the log for a cursor before its room's tail.
    page: int
    # The transport says that it is not writable when it holds more …
    held: int
    # … and until then is given this much at a time.
    frame: int

    @classmethod
    def of(cls, size: int) -> "Shares":
        return cls(
            control=size * 5 // 16,
            ephemeral=size // 16,
            page=size * 3 // 16,
            held=size * 4 // 16,
            frame=size * 3 // 16,
        )


class LogCursor(Protocol):
    """A subscription, as the buffer sees it."""

    @property
    def behind(self) -> bool:
        """Whether the room's log goes on after the cursor."""
        ...

    def next_events(self, size: int) -> list[bytes]:
        """Events after the cursor, about `size` bytes, moving it. Empty: not at hand yet."""
        ...


class SendBuffer:
    """Everything waiting for one socket to accept bytes."""

    __slots__ = (
        "_behind",
        "_control",
        "_ephemeral",
        "_most_ephemeral",
        "control_bytes",
        "ephemeral_bytes",
        "events",
        "shed",
    )

    def __init__(self, most_ephemeral: int) -> None:
        self._most_ephemeral = most_ephemeral
        self._control: deque[bytes] = deque()
        self._ephemeral: dict[str, bytes] = {}
        self._behind: dict[LogCursor, None] = {}
        self.control_bytes = 0
        self.ephemeral_bytes = 0
        # Durable events taken, ephemeral ones dropped.
        self.events = 0
        self.shed = 0

    def __bool__(self) -> bool:
        return bool(self._control or self._behind or self._ephemeral)

    def put_control(self, data: bytes) -> None:
        self._control.append(data)
        self.control_bytes += len(data)

    def put_ephemeral(self, key: str, data: bytes) -> None:
        """Keep the newest value of `key`, as the newest of all."""
        old = self._ephemeral.pop(key, None)
        if old is not None:
            self.ephemeral_bytes -= len(old)
        self._ephemeral[key] = data
        self.ephemeral_bytes += len(data)
        while (
            len(self._ephemeral) > EPHEMERAL_KEYS or self.ephemeral_bytes > self._most_ephemeral
        ) and self._ephemeral:
            oldest = next(iter(self._ephemeral))
            self.ephemeral_bytes -= len(self._ephemeral.pop(oldest))
            self.shed += 1

    def mark_behind(self, cursor: LogCursor) -> None:
        self._behind[cursor] = None

    def forget(self, cursor: LogCursor) -> None:
        self._behind.pop(cursor, None)

    def take(self, size: int) -> list[bytes]:
        """The next objects to send, about `size` bytes. Empty when nothing is at hand."""
        taken: list[bytes] = []
        left = size
        while self._control and left > 0:
            data = self._control.popleft()
            self.control_bytes -= len(data)
            left -= len(data)
            taken.append(data)
        for cursor in list(self._behind):
            if left <= 0:
                return taken
            events = cursor.next_events(left)
            taken += events
            self.events += len(events)
            left -= sum(map(len, events))
            # A served room goes to the end, so that none starves another.
            del self._behind[cursor]
            if cursor.behind:
                self._behind[cursor] = None
        while self._ephemeral and left > 0 and not self._behind:
            key = next(iter(self._ephemeral))
            data = self._ephemeral.pop(key)
            self.ephemeral_bytes -= len(data)
            left -= len(data)
            taken.append(data)
        return taken


class Frame:
    """Encoded objects as one WebSocket text frame, made once for all who get it.

    Frames of a server are not masked, so the header depends on the length alone.
    """

    __slots__ = ("payload", "wire")

    def __init__(self, objects: list[bytes]) -> None:
        payload = frame(objects)
        size = len(payload)
        if size < 126:
            header = bytes((0x81, size))
        elif size < 65536:
            header = b"\x81\x7e" + size.to_bytes(2, "big")
        else:
            header = b"\x81\x7f" + size.to_bytes(8, "big")
        self.payload = payload
        self.wire = header + payload
