"""A room's log: consecutive events, committed before anybody hears of them.

The only module that takes a `seq` and the only one that writes `Event` rows. `actions` (here and
in other apps) call it inside a transaction; the room rows it locks are the order of the rooms.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from rooms.models import Event, Room
from rooms.protocol import NotFound, encode_event
from rooms.protocol import encode as to_json

from . import bell, event_bells, statements
from .representations import timestamp
from .ringer import Activity

# The columns of a room that a message needs.
HEAD_COLUMNS = (
    "id",
    "slug",
    "visibility",
    "archived_at",
    "last_seq",
    "message_count",
    "active_at",
    "last_deletion_at",
    "who_posts",
    "slow_mode_seconds",
)


class Head(NamedTuple):
    """Where a room's log ends: the last `seq`, and the `at` of that event. Two logs that agree in
    both agree in all that was before."""

    seq: int
    at: str


class Entry(NamedTuple):
    """An event before it is written. The payload is encoded once, for the database and the bell."""

    seq: int
    type: str
    payload: bytes


class NewEvent(NamedTuple):
    """A row of `Event`."""

    room_id: int
    seq: int
    type: str
    encoded: str
    at: datetime


class NewHead(NamedTuple):
    """What becomes of a row of `Room` to which events were appended."""

    last_seq: int
    message_count: int
    active_at: datetime
    pk: int


@dataclass
class Logs:
    """Logs of some rooms, held until the transaction ends. Made by `writing_in_transaction`."""

    rooms: dict[int, Room]
    at: datetime = field(default_factory=timezone.now)
    # What was appended, by room id.
    entries: dict[int, list[Entry]] = field(default_factory=dict)
    # Where each log ended before, by room id.
    before: dict[int, Head] = field(default_factory=dict)
    # Room id → author id → the number of their last message here: how far they have read.
    speakers: dict[int, dict[int, int]] = field(default_factory=dict)

    @cached_property
    def time(self) -> str:
        """`at`, as everybody is told it."""
        return timestamp(self.at)

    def by_slug(self) -> dict[str, Room]:
        return {room.slug: room for room in self.rooms.values()}

    def take_seq(self, room: Room) -> int:
        """The next number of the room's log. It must be used by an `append` in this transaction."""
        room.last_seq += 1
        return room.last_seq

    def take_number(self, room: Room) -> int:
        """The next number among the room's messages."""
        room.message_count += 1
        return room.message_count

    def append(
        self, room: Room, type: str, payload: dict[str, Any], seq: int | None = None
    ) -> None:
        """One event with the next `seq`, or with one taken before. `payload`: plain JSON types."""
        number = self.take_seq(room) if seq is None else seq
        self.entries.setdefault(room.id, []).append(Entry(number, type, to_json(payload)))

    def scrub(self, room: Room, seqs: Collection[int], payload: dict[str, Any]) -> None:
        """Have these entries say this and no more: what they said is deleted. Each keeps its `seq`,
        its type and its time. Who holds them in memory hears of it by an event that follows."""
        rows = Event.objects.filter(room=room, seq__in=seqs)
        rows.update(encoded=to_json(payload).decode())


@contextmanager
def writing_in_transaction(
    room_ids: Collection[int] = (), *, slugs: Collection[str] = (), at: datetime | None = None
) -> Iterator[Logs]:
    """Lock the logs of these rooms, and on leaving write what was appended and ring on commit.

    Rooms are locked in the order of their ids, so that two writers never wait for each other.
    Rooms that are gone are missing from `Logs.rooms`. Of those asked for by their slugs only what a
    message needs is read. `at` is when it happens, if that is not now.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a log is written inside a transaction")
    if slugs:
        rows = statements.select(Room, lock=True, only=HEAD_COLUMNS, slug=slugs)
    else:
        rows = statements.select(Room, lock=True, id=room_ids)
    logs = Logs({room.pk: room for room in rows}, at or timezone.now())
    logs.before = {room.pk: head_of(room) for room in logs.rooms.values()}
    yield logs
    if not logs.entries:
        return
    for room_id, entries in logs.entries.items():
        entries.sort(key=attrgetter("seq"))
        first, last = logs.before[room_id].seq + 1, logs.rooms[room_id].last_seq
        if [entry.seq for entry in entries] != list(range(first, last + 1)):
            raise RuntimeError(f"the log of room {room_id} would get a hole after {first - 1}")
    _write(logs)
    _ring_on_commit(logs)


@contextmanager
def locked(room_id: int) -> Iterator[tuple[Logs, Room]]:
    """One room's log and row, in a transaction of its own. Raises NotFound when it is gone."""
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        if room_id not in logs.rooms:
            raise NotFound()
        yield logs, logs.rooms[room_id]


def _write(logs: Logs) -> None:
    rows = [
        NewEvent(room_id, entry.seq, entry.type, entry.payload.decode(), logs.at)
        for room_id, entries in logs.entries.items()
        for entry in entries
    ]
    statements.insert(Event, rows)
    heads = []
    for room_id in logs.entries:
        room = logs.rooms[room_id]
        room.active_at = logs.at
        heads.append(NewHead(room.last_seq, room.message_count, room.active_at, room_id))
    statements.update(Room, heads)


def _ring_on_commit(logs: Logs) -> None:
    rung, activity = [], []
    for room_id, entries in logs.entries.items():
        room = logs.rooms[room_id]
        encoded = [
            encode_event(room.slug, entry.seq, logs.time, entry.type, entry.payload)
            for entry in entries
        ]
        before = logs.before[room_id].at
        rung.append(event_bells.EventRun(room_id, entries[0].seq, encoded, before, logs.time))
        speakers = logs.speakers.get(room_id, {})
        activity.append(Activity(room_id, room.last_seq, room.message_count, speakers))
    bell.ring_on_commit(rung, activity)


def head_of(room: Room) -> Head:
    """A room becomes active with each event, and only then."""
    return Head(room.last_seq, timestamp(room.active_at))


def heads(room_ids: Collection[int]) -> dict[int, Head]:
    """Where each room's log ends, in one query."""
    rows = Room.objects.filter(pk__in=room_ids).values_list("pk", "last_seq", "active_at")
    return {room_id: Head(seq, timestamp(at)) for room_id, seq, at in rows}
