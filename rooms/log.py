"""A room's log: consecutive events, committed before anybody hears of them.

The only module that takes a `seq` and the only one that writes `Event` rows. `actions` (here and
in other apps) call it inside a transaction; the room rows it locks are the order of the rooms.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from . import bell, statements
from .models import Event, Membership, Room
from .protocol import encode as to_json
from .protocol import encode_event
from .representations import timestamp


@dataclass
class Logs:
    """Logs of some rooms, held until the transaction ends. Made by `writing_in_transaction`."""

    rooms: dict[int, Room]
    at: datetime = field(default_factory=timezone.now)
    events: list[Event] = field(default_factory=list)
    # Room id → author id → the number of their last message here: how far they have read.
    speakers: dict[int, dict[int, int]] = field(default_factory=dict)

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
    ) -> Event:
        """One event with the next `seq`, or with one taken before. `payload`: plain JSON types."""
        number = self.take_seq(room) if seq is None else seq
        encoded = to_json(payload).decode()
        event = Event(room=room, seq=number, type=type, encoded=encoded, at=self.at)
        self.events.append(event)
        return event


@contextmanager
def writing_in_transaction(
    room_ids: Collection[int] = (), *, slugs: Collection[str] = ()
) -> Iterator[Logs]:
    """Lock the logs of these rooms, and on leaving write what was appended and ring on commit.

    Rooms are locked in the order of their ids, so that two writers never wait for each other.
    Rooms that are gone are missing from `Logs.rooms`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a log is written inside a transaction")
    wanted: dict[str, Collection[Any]] = {"slug": slugs} if slugs else {"id": room_ids}
    rows = statements.select(Room, lock=True, **wanted)
    logs = Logs({room.pk: room for room in rows})
    heads_before = {room.pk: room.last_seq for room in logs.rooms.values()}
    yield logs
    if not logs.events:
        return
    batches: dict[int, list[Event]] = {}
    for event in sorted(logs.events, key=lambda event: event.seq):
        batches.setdefault(event.room_id, []).append(event)
    for room_id, batch in batches.items():
        first, last = heads_before[room_id] + 1, logs.rooms[room_id].last_seq
        if [event.seq for event in batch] != list(range(first, last + 1)):
            raise RuntimeError(f"the log of room {room_id} would get a hole after {first - 1}")
    statements.insert(logs.events)
    for room_id in batches:
        logs.rooms[room_id].active_at = logs.at
    heads = [logs.rooms[room_id] for room_id in batches]
    statements.update(heads, "last_seq", "message_count", "active_at")
    bell.ring_on_commit(
        [
            (room_id, batch[0].seq, [encode(event, logs.rooms[room_id].slug) for event in batch])
            for room_id, batch in batches.items()
        ],
        [
            bell.Activity(
                room_id,
                logs.rooms[room_id].last_seq,
                logs.rooms[room_id].message_count,
                logs.speakers.get(room_id, {}),
            )
            for room_id in batches
        ],
    )


def encode(event: Event, slug: str) -> bytes:
    """The event as subscribers get it, whether it was rung or read from the database."""
    return encode_event(slug, event.seq, timestamp(event.at), event.type, event.encoded.encode())


def read(room_id: int, slug: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Up to `limit` events after `after`, in order, as (seq, encoded)."""
    rows = Event.objects.filter(room_id=room_id, seq__gt=after).order_by("seq")[:limit]
    return [(row.seq, encode(row, slug)) for row in rows]


def heads(room_ids: Collection[int]) -> dict[int, int]:
    """The last seq of each room, in one query."""
    return dict(Room.objects.filter(pk__in=room_ids).values_list("pk", "last_seq"))


def standings(
    user_ids: Collection[int],
) -> dict[int, list[tuple[int, str, int, int, int]]]:
    """Of each user (room id, slug, messages read, head, messages in all) of their rooms."""
    found: dict[int, list[tuple[int, str, int, int, int]]] = {}
    rows = Membership.objects.filter(user__in=user_ids).values_list(
        "user_id",
        "room_id",
        "room__slug",
        "read_count",
        "room__last_seq",
        "room__message_count",
    )
    for user_id, room_id, slug, read, head, count in rows:
        found.setdefault(user_id, []).append((room_id, slug, read, head, count))
    return found
