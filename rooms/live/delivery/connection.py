"""One socket: who is on it, what they hear, what they are still to be told.

Made by `consumer`, which hands it the commands; written to by `hub`, `journal` and the handlers of
commands. Everything here runs on the loop. The socket itself is a `Sink`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, Protocol, TypeVar

from rooms.core.credentials import Caller
from rooms.core.representations import person
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.live.metrics.counters import TrafficCounters
from rooms.models import User
from rooms.protocol import BROKEN, PROTOCOL, Close, encode

from .epoch import EpochTracker
from .feed import Numbered, Subscription
from .origin import Origin
from .rate import Rate
from .repair import Repair
from .sendbuffer import Frame, SendBuffer, Shares

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_numbers = itertools.count(1)


class Sink(Protocol):
    """Where frames go. Not writable means: it still holds bytes that the socket has not taken."""

    writable: bool

    def write(self, frame: Frame) -> None: ...

    def held(self) -> int:
        """Bytes handed over and not yet taken by the socket."""
        ...

    def taken(self) -> int:
        """Bytes the socket has taken so far: it grows exactly while there is progress."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class ConnectionHub(Protocol):
    @property
    def epoch(self) -> EpochTracker: ...

    @property
    def repair(self) -> Repair: ...

    @property
    def counters(self) -> TrafficCounters: ...

    @property
    def shares(self) -> Shares: ...

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        ...


class ConnectionHost(Protocol):
    """What a connection needs of its process: `rooms.live.node` is one."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def hub(self) -> ConnectionHub: ...

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def render_for(self, user_id: int, call: Callable[[], object]) -> None: ...


class Connection:
    """`clear` means that a frame for everybody may be written to the sink straight away."""

    def __init__(self, node: ConnectionHost, sink: Sink, caller: Caller) -> None:
        self.node = node
        self.sink = sink
        self.caller = caller
        self.user: User = caller.user
        # Of all positions that this connection is told; when it changes, the connection ends.
        self.epoch = node.hub.epoch.value
        self.id = f"{next(_numbers)}-{secrets.token_hex(4)}"
        bounds = limits()
        self.rate = Rate(
            bounds.commands_per_second,
            bounds.commands_burst,
            bounds.flood_commands,
            node.loop.time(),
        )
        # Of all connections of this person; none where nobody counts them.
        self.person_rate: Rate | None = None
        self.origin = Origin()
        self.shares = node.hub.shares
        self.buffer = SendBuffer(self.shares.ephemeral)
        self.subscriptions: dict[str, Subscription] = {}
        self.clear = True
        self.closed = False
        self.quiet = 0
        self.reserved = 0
        self.typed: dict[str, float] = {}
        self.taken_before = 0
        self.stalled_since: float | None = None
        self._room_wanted: Callable[[], None] | None = None
        self._pumping = False
        self._reading_page = False
        self._paged: Subscription | None = None

    @property
    def outdated(self) -> bool:
        """Whether it is about to be sent away, because positions are of another epoch now."""
        return self.epoch != self.node.hub.epoch.value

    def spend(self) -> float:
        """A command is here, and is taken up if this is 0; else it is for how many seconds it has
        to wait."""
        now = self.node.loop.time()
        wait = self.rate.take(now)
        if not wait and self.person_rate is not None:
            wait = self.person_rate.take(now)
        return wait

    # Telling -------------------------------------------------------------------------------------

    def hello(self) -> None:
        bounds = limits()
        self.answer(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "connection": self.id,
                "epoch": self.epoch,
                "user": person(self.user),
                "heartbeat": bounds.heartbeat_seconds,
                "limits": {
                    "frame_bytes": bounds.frame_bytes,
                    "message_characters": bounds.message_characters,
                    "resume_events": bounds.resume_events,
                    "subscriptions": bounds.subscriptions,
                    "commands_per_second": bounds.commands_per_second,
                    "commands_burst": bounds.commands_burst,
                    "connections_per_user": bounds.connections_per_user,
                },
            }
        )

    def answer(self, body: dict[str, Any]) -> None:
        """Put one object into the control lane."""
        if not self.closed:
            self.buffer.put_control(encode(body))
            self._soon()

    def tell(self, key: str, data: bytes, frame: Frame | None = None) -> None:
        """Something not kept; while the socket is slow only the last value of `key` is. `frame`
        holds the same, for who tells many."""
        if self.closed:
            return
        if self.clear:
            frame = frame or Frame([data])
            self.write(frame)
            self.node.hub.counters.sent(1, 0, len(frame.wire))
        else:
            self.buffer.put_ephemeral(key, data)
            if self.buffer.shed:
                self.node.hub.counters.shed(self.buffer.shed)
                self.buffer.shed = 0
            self._soon()

    def lag(self, subscription: Subscription) -> None:
        """A subscription has fallen behind its room's head."""
        if not self.closed:
            self.buffer.mark_behind(subscription)
            self._soon()

    def write(self, frame: Frame) -> None:
        """Hand a frame to the sink. Never raises: one broken socket must not stop a room."""
        self.quiet = 0
        try:
            self.sink.write(frame)
        except Exception:
            logger.exception("A frame could not be written; the connection is given up")
            self.closed = True
            self.clear = False
            metrics.CLOSES.labels(BROKEN.code).inc()
            with suppress(Exception):
                self.sink.close(BROKEN.code, BROKEN.reason)
            return
        if not self.sink.writable:
            self.clear = False

    def _soon(self) -> None:
        """Send after what is happening now, so that one frame takes all of it."""
        self.clear = False
        if not self._pumping and self.sink.writable:
            self._pumping = True
            self.node.loop.call_soon(self._pump)

    def on_writable(self) -> None:
        """The sink has handed everything to the socket."""
        if not self._pumping and not self.closed:
            self._pump()

    def _pump(self) -> None:
        self._pumping = False
        frames = size = 0
        while self.sink.writable and not self.closed:
            objects = self.buffer.take(self.shares.frame)
            if not objects:
                break
            frame = Frame(objects)
            self.write(frame)
            frames += 1
            size += len(frame.wire)
        if frames:
            self.node.hub.counters.sent(frames, self.buffer.events, size)
            self.buffer.events = 0
        self.clear = self.sink.writable and not self.buffer and not self.closed
        if self._room_wanted is not None and self.has_room:
            wanted, self._room_wanted = self._room_wanted, None
            wanted()

    def want_page(self, subscription: Subscription) -> None:
        """The cursor is before the room's tail: read from the log, one page at a time."""
        if not self._reading_page:
            self._reading_page = True
            self.node.hub.repair.read_page(subscription, self._page_read)

    def _page_read(self, subscription: Subscription, rows: list[Numbered]) -> None:
        self._reading_page = False
        # One page a connection: what is left of the one before is read again when its turn comes.
        if self._paged is not None:
            self._paged.page = []
        self._paged = subscription
        if self.subscriptions.get(subscription.feed.slug) is subscription:
            subscription.page = rows
            self.lag(subscription)
        elif self.buffer:
            self._soon()

    # Being asked ---------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether another command may be taken up: its answer will fit into the buffer."""
        return self.closed or (
            self.sink.writable and self.buffer.control_bytes + self.reserved < self.shares.control
        )

    def when_room(self, call: Callable[[], None]) -> None:
        self._room_wanted = call

    def reserve(self, size: int) -> None:
        """An answer of about `size` bytes will come later (negative: it has come)."""
        self.reserved += size
        if size < 0 and self._room_wanted is not None and self.has_room:
            wanted, self._room_wanted = self._room_wanted, None
            wanted()

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run synchronous database code and await its result."""
        return await self.node.in_thread(call, *args, **kwargs)

    async def render(self, call: Callable[[], object]) -> None:
        """Do work on a text of its user's that takes long, at their expense."""
        await self.node.render_for(self.user.pk, call)

    # Ending --------------------------------------------------------------------------------------

    def close(self, why: Close) -> None:
        """Say why, then close. What was not sent is in the log."""
        if self.closed:
            return
        self.buffer.put_control(encode(why.bye(self.node.hub.epoch.value)))
        if self.sink.writable:
            self._pump()
        self.closed = True
        self.clear = False
        metrics.CLOSES.labels(why.code).inc()
        self.sink.close(why.code, why.reason)

    def lost(self) -> None:
        """The socket is no more, and `gone` will follow: nobody waits for room in it any longer."""
        self.closed = True
        self.clear = False
        if self._room_wanted is not None:
            wanted, self._room_wanted = self._room_wanted, None
            wanted()

    def gone(self) -> None:
        """The socket is no more."""
        self.closed = True
        self.clear = False
        self._room_wanted = None
        self.node.hub.forget(self)
