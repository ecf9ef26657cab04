"""What concerns somebody is put into their inbox, and taken out again, by whichever slice finds it
out, in the transaction that makes it so. `features.inbox` shows it.

An entry in a room of which somebody is no member stays, and is not shown: they may come back.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, F, QuerySet

from rooms.models import InboxEntry, User

from . import bell

# A page counts no further.
MOST_COUNTED = 1_000


class Concern(NamedTuple):
    user_id: int
    message_id: int
    room_id: int
    kind: str


def add_in_transaction(concerns: Collection[Concern], at: datetime) -> None:
    """What is there already stays as it is, done or not."""
    if not concerns:
        return
    rows = [InboxEntry(at=at, **each._asdict()) for each in concerns]
    InboxEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    tell_on_commit({each.user_id for each in concerns})


def remove_in_transaction(message_id: int, user_ids: Collection[int], kind: str) -> None:
    """The message does not concern them any more in this way."""
    if not user_ids:
        return
    rows = InboxEntry.objects.filter(message=message_id, user__in=user_ids, kind=kind)
    if rows.delete()[0]:
        tell_on_commit(user_ids)


def shown(user_ids: Collection[int]) -> "QuerySet[InboxEntry]":
    """The entries of these people in rooms of theirs."""
    rows = InboxEntry.objects.filter(user__in=user_ids)
    return rows.filter(room__memberships__user=F("user"))


def open_count(user: User) -> int:
    return shown([user.pk]).filter(done_at=None)[:MOST_COUNTED].count()


def tell_on_commit(user_ids: Iterable[int]) -> None:
    """Tell all connections of these people how many entries are open now."""
    people = set(user_ids)
    if not people:
        return

    def ring() -> None:
        counted = shown(people).filter(done_at=None).order_by().values("user")
        found: dict[int, int] = dict(counted.annotate(open=Count("pk")).values_list("user", "open"))
        events: dict[int, dict[str, Any]] = {
            user_id: {"type": "inbox", "open": min(found.get(user_id, 0), MOST_COUNTED)}
            for user_id in people
        }
        bell.tell_many(events, "inbox")

    transaction.on_commit(ring, robust=True)
