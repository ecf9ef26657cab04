"""Takes old events out of rooms' logs, a slice at a time. Messages stay; only a client that was
away for longer than the log goes back loads its rooms anew (`recovered: false`).

A room keeps its last `log_events` events, and all those of the last `log_days` days. Each slice is
a transaction of its own that locks the room for its last statement alone, so that nobody waits for
a long log. Safe to run in several processes at once. Called by `live.trimming`.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from rooms.limits import limits
from rooms.models import Event, Installation, Room

from . import installation

# Events of one transaction: it takes some milliseconds.
SLICE_EVENTS = 500
# Rooms that one query finds.
ROOMS_PER_QUERY = 100


class TrimmedSlice(NamedTuple):
    removed: int
    # Whether the room may have more to remove.
    more: bool


def claim(seconds: float) -> bool:
    """Whether the caller may trim now: then no other process may for `seconds`. Of those that ask
    at the same time one gets it."""
    now = timezone.now()
    free = Q(trimming_until=None) | Q(trimming_until__lt=now)
    until = now + timedelta(seconds=seconds)
    rows = Installation.objects.filter(free, pk=installation.ROW_ID)
    return rows.update(trimming_until=until) == 1


def rooms_to_trim(after: int) -> list[int]:
    """The next rooms by id whose logs are longer than they have to be, whatever their age."""
    longer = Room.objects.filter(
        pk__gt=after, last_seq__gt=F("trimmed_seq") + limits().log_events
    ).order_by("pk")
    return list(longer.values_list("pk", flat=True)[:ROOMS_PER_QUERY])


def kept_since() -> datetime:
    """Events of this time and later stay, however many they are."""
    return timezone.now() - timedelta(days=limits().log_days)


def trim_slice(room_id: int) -> TrimmedSlice:
    """Take out the oldest events of a room that need not stay, at most `SLICE_EVENTS`."""
    row = Room.objects.filter(pk=room_id).values_list("last_seq", "trimmed_seq").first()
    if row is None:
        return TrimmedSlice(0, False)
    last_seq, trimmed_seq = row
    most = last_seq - limits().log_events
    end = min(most, trimmed_seq + SLICE_EVENTS)
    if end <= trimmed_seq:
        return TrimmedSlice(0, False)
    oldest = Event.objects.filter(room=room_id, seq__gt=trimmed_seq, seq__lte=end)
    since = kept_since()
    # Clocks of processes differ a little: the first young one ends it, whatever comes after.
    young = next(
        (seq for seq, at in oldest.order_by("seq").values_list("seq", "at") if at >= since), None
    )
    if young is not None:
        end = young - 1
    if end <= trimmed_seq:
        return TrimmedSlice(0, False)
    with transaction.atomic():
        removed, _ = oldest.filter(seq__lte=end).delete()
        Room.objects.filter(pk=room_id, trimmed_seq__lt=end).update(trimmed_seq=end)
    return TrimmedSlice(removed, young is None and end < most)
