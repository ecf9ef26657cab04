"""One room as a process knows it: its head, a bounded tail of encoded events, its subscriptions.

Pure: the hub does the I/O. A bell that continues the head is appended, an old one is ignored, and
one that leaves a gap only raises `wanted`: the hub then reads from the log. So does one that would
overfill what waits to be fanned out: its events are read from the log when there is space.

A database that was put back gives the same numbers to other events. So whatever comes is compared
with what is known, number and time: a bell that fits another log is not taken in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from rooms.models import User
from rooms.protocol import Close

from .room_presence import RoomPresence
from .scrubbing import DELETED, scrubbed
from .sendbuffer import Frame, SendBuffer

Numbered = tuple[int, bytes]

# The position of a cursor that gets no events: after all of them.
NOWHERE = 2**62


class Fit(Enum):
    """Whether what was heard is of the log that is known."""

    FITS = "fits"
    # It is older than what is at hand: only the database can say.
    UNSURE = "unsure"
    ANOTHER_LOG = "another log"


def went_back(known: tuple[int, str | None], found: tuple[int, str | None]) -> bool:
    """Whether a head (`seq`, `at`) that is read in the database shows another log than one that was
    known before the reading began. A later one shows nothing: what lies between has to be read."""
    (seq, at), (found_seq, found_at) = known, found
    if found_seq != seq:
        return found_seq < seq
    return at is not None and found_at is not None and at != found_at


class Feed:
    """Events `first … head` are at hand; those up to `flushed` have been fanned out."""

    def __init__(
        self,
        room_id: int,
        slug: str,
        head: int,
        tail_events: int,
        tail_bytes: int,
        presence: RoomPresence | None = None,
        at: str | None = None,
    ) -> None:
        self.room_id = room_id
        self.slug = slug
        self.head = head
        # The time of the event at the head; None: not known.
        self.at = at
        self.flushed = head
        self.wanted = head
        # What was read from the log holds as long as this is the same object: until something that
        # may be in it is deleted.
        self.edition = object()
        # Whether the tail was filled from the log, which is done once, when somebody needs it.
        self.filled = False
        # Whether the last page that was read of the log was cut short, as its events are long.
        self.reads_short = False
        self.subscriptions: set[Subscription] = set()
        self.presence = presence or RoomPresence(room_id)
        self.idle_since: float | None = None
        # Posts by subscribers here: how many were taken, how many of them have been answered, in
        # the same order, and the highest seq that an answer gave.
        self.posted = 0
        self.answered = 0
        self.written = head
        self._typing_since = 0.0
        self._typing_told = 0
        self._first = head + 1
        self._events: list[bytes] = []
        self._bytes = 0
        self._unflushed_bytes = 0
        self._tail_events = tail_events
        self._tail_bytes = tail_bytes

    # What arrives --------------------------------------------------------------------------------

    def apply(
        self,
        first: int,
        last: int,
        events: Sequence[bytes] | None,
        before: str | None = None,
        at: str | None = None,
    ) -> Fit:
        """A bell for `first … last`, with the events if it carries them, and with the times of the
        event before them and of the last. What is of another log is not taken in."""
        fit = self._fit(first, last, events, before, at)
        if fit is Fit.ANOTHER_LOG or last <= self.head:
            return fit
        self.wanted = max(self.wanted, last)
        if events is not None and first <= self.head + 1 and not self.full:
            self._append(events[self.head + 1 - first :], at)
        return fit

    def _fit(
        self,
        first: int,
        last: int,
        events: Sequence[bytes] | None,
        before: str | None,
        at: str | None,
    ) -> Fit:
        if first > self.head + 1:
            return Fit.FITS
        if first == self.head + 1:
            same = before is None or self.at is None or before == self.at
            return Fit.FITS if same else Fit.ANOTHER_LOG
        start, end = max(first, self._first), min(last, self.head)
        if events is not None and start <= end:
            known = self._events[start - self._first : end + 1 - self._first]
            same = known == list(events[start - first : end + 1 - first])
            return Fit.FITS if same else Fit.ANOTHER_LOG
        if last == self.head and at is not None and self.at is not None:
            return Fit.FITS if at == self.at else Fit.ANOTHER_LOG
        return Fit.UNSURE

    def apply_read(self, rows: Sequence[Numbered], at: str | None = None) -> None:
        """What the log said about everything after a position at or before the head. `at` is the
        time of the last of them."""
        fresh = [row for row in rows if row[0] > self.head]
        if not fresh:
            return
        if fresh[0][0] != self.head + 1:
            # The log was trimmed past us: what is gone cannot be told, only left out.
            self._events, self._bytes, self._unflushed_bytes = [], 0, 0
            self.head = self.flushed = fresh[0][0] - 1
            self._first = fresh[0][0]
        self._append([data for _, data in fresh], at)

    @property
    def reaches_back_to(self) -> int:
        """The lowest position that the tail could be filled up to, by one reading of the log."""
        if self.filled or self._bytes >= self._tail_bytes:
            return self.tail_starts_after
        return max(0, self.tail_starts_after - max(0, self._tail_events - len(self._events)))

    def apply_earlier(self, rows: Sequence[Numbered]) -> None:
        """Put what was read for those behind in front of the tail, as much of it as fits."""
        if not rows or rows[-1][0] != self._first - 1:
            return
        fitting: list[bytes] = []
        size = self._bytes
        for _, data in reversed(rows):
            size += len(data)
            if len(self._events) + len(fitting) >= self._tail_events or size > self._tail_bytes:
                break
            fitting.append(data)
        self._events[:0] = reversed(fitting)
        self._first -= len(fitting)
        self._bytes += sum(map(len, fitting))

    def _append(self, events: Sequence[bytes], at: str | None) -> None:
        size = sum(map(len, events))
        self.at = at
        self._events.extend(events)
        for event in events:
            if event.startswith(DELETED):
                self._scrub(event)
        self._bytes += size
        self._unflushed_bytes += size
        self.head += len(events)
        self.wanted = max(self.wanted, self.head)
        self._trim()

    def _scrub(self, deleted: bytes) -> None:
        """What is deleted is told nobody any more: not from the tail, nor from what was read for
        those who are behind it."""
        self.edition = object()
        for subscription in self.subscriptions:
            subscription.page = []
        for index, event in scrubbed(self._events, deleted).items():
            change = len(event) - len(self._events[index])
            self._events[index] = event
            self._bytes += change
            if index + self._first > self.flushed:
                self._unflushed_bytes += change

    @property
    def has_gap(self) -> bool:
        return self.wanted > self.head

    @property
    def full(self) -> bool:
        """As much waits to be fanned out as a tail may hold: nothing more is taken in. What is
        held is never more than the tail's bounds and one bell, or one page of the log."""
        return (
            self.head - self.flushed >= self._tail_events
            or self._unflushed_bytes >= self._tail_bytes
        )

    # What goes out -------------------------------------------------------------------------------

    def mark_flushed(self, seq: int) -> None:
        """Everything up to `seq` has been fanned out; the tail may shrink to its bounds."""
        if seq > self.flushed:
            start = self.flushed + 1 - self._first
            told = self._events[start : seq + 1 - self._first]
            self._unflushed_bytes -= sum(map(len, told))
            self.flushed = seq
            self._trim()

    def _trim(self) -> None:
        """Down to the tail's bounds, of what has been fanned out."""
        drop = 0
        dropped = 0
        most = self.flushed + 1 - self._first
        while drop < most and (
            len(self._events) - drop > self._tail_events or self._bytes - dropped > self._tail_bytes
        ):
            dropped += len(self._events[drop])
            drop += 1
        if drop:
            del self._events[:drop]
            self._first += drop
            self._bytes -= dropped

    def after(self, seq: int, size: int) -> list[bytes] | None:
        """Events after `seq`, at least one, about `size` bytes; None when the tail starts later."""
        start = seq + 1 - self._first
        if start < 0:
            return None
        taken: list[bytes] = []
        for data in self._events[start : start + self._tail_events]:
            if taken and size < len(data):
                break
            taken.append(data)
            size -= len(data)
        return taken

    @property
    def tail_starts_after(self) -> int:
        """The lowest position from which the tail serves everything."""
        return self._first - 1

    # Who is here ---------------------------------------------------------------------------------

    def arrive(self, subscription: Subscription, user_id: int, name: str) -> bool:
        """Whether this is a person who was not here: several tabs are one."""
        self.subscriptions.add(subscription)
        self.idle_since = None
        return self.presence.arrive(user_id, name)

    def depart(self, subscription: Subscription, user_id: int, now: float) -> bool:
        """Whether with this subscription the person is gone."""
        self.subscriptions.discard(subscription)
        if not self.subscriptions:
            self.idle_since = now
        return self.presence.depart(user_id)

    def admit_typing(self, now: float, most: int) -> bool:
        """Whether the room may be told once more in this second that somebody types."""
        if now - self._typing_since >= 1.0:
            self._typing_since, self._typing_told = now, 0
        self._typing_told += 1
        return self._typing_told <= most


class Listener(Protocol):
    """A connection, as those see it who come to it by a subscription. See `connection`."""

    user: User
    clear: bool
    closed: bool
    buffer: SendBuffer
    subscriptions: dict[str, Subscription]

    def answer(self, body: dict[str, Any]) -> None: ...

    def tell(self, key: str, data: bytes, frame: Frame | None = None) -> None: ...

    def write(self, frame: Frame) -> None: ...

    def lag(self, subscription: Subscription) -> None: ...

    def want_page(self, subscription: Subscription) -> None: ...

    def close(self, why: Close) -> None: ...


class Subscription:
    """A connection's cursor into a room's log: its socket has been given everything up to `seq`."""

    __slots__ = ("connection", "feed", "held_at", "muted_until", "page", "seq", "turn")

    def __init__(self, connection: Listener, feed: Feed, seq: int) -> None:
        self.connection = connection
        self.feed = feed
        self.seq = seq
        # Events read from the database for this cursor, when the tail no longer has them.
        self.page: list[Numbered] = []
        # While access is looked into: where the cursor stood. `turn` counts the holdings.
        self.held_at: int | None = None
        self.turn = 0
        # Until when the person only reads here, as access was looked into last.
        self.muted_until: datetime | None = None

    def hold(self) -> None:
        """Be told nothing durable until `release`."""
        self.turn += 1
        if self.held_at is None:
            self.held_at, self.seq = self.seq, NOWHERE

    def release(self, turn: int) -> None:
        """Go on where it was held, unless it was held again since `turn`."""
        if self.held_at is not None and turn == self.turn:
            self.seq, self.held_at = self.held_at, None
            if self.behind:
                self.connection.lag(self)

    def end(self) -> None:
        """Be told nothing any more, not even by a fan-out that is under way."""
        self.seq, self.held_at = NOWHERE, None

    @property
    def behind(self) -> bool:
        return self.seq < self.feed.head

    def next_events(self, size: int) -> list[bytes]:
        events = self.feed.after(self.seq, size)
        if events is not None:
            self.page = []
            self.seq += len(events)
            return events
        if not self.page:
            self.connection.want_page(self)
            return []
        taken: list[bytes] = []
        for number, data in self.page:
            if taken and size < len(data):
                break
            taken.append(data)
            size -= len(data)
            self.seq = number
        del self.page[: len(taken)]
        return taken
