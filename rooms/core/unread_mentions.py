"""How many unread messages of a room mention one of its members: a number on their membership, so
that no list of rooms and no read marker counts them.

`features.mentions` moves it inside the transaction that writes a message, `features.reading` when
somebody has read. Who speaks has read everything, and `features.messages` sets it to 0.
"""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from rooms.models import Membership, Mention, Room

from . import bell
from .log import Logs

# Room id → ids of people.
People = Mapping[int, Collection[int]]


def more_in_transaction(room: Room, number: int, people: Collection[int]) -> None:
    """The message of this number mentions them: those who have not read so far."""
    unread = Membership.objects.filter(room=room, user__in=people, read_count__lt=number)
    unread.update(mentions=F("mentions") + 1)


def fewer_in_transaction(room: Room, number: int, people: Collection[int]) -> None:
    """It does not any more."""
    unread = Membership.objects.filter(room=room, user__in=people, read_count__lt=number)
    unread.filter(mentions__gt=0).update(mentions=F("mentions") - 1)


def after_reading(count: int) -> Combinable:
    """What the number becomes when the first `count` messages of the room have been read. What is
    read is taken away, instead of what is unread being counted: a mention that is written at this
    moment stays, whichever of the two comes first."""
    read = Mention.objects.filter(
        user=OuterRef("user"),
        room=OuterRef("room"),
        number__gt=OuterRef("read_count"),
        number__lte=count,
    )
    counted = read.order_by().values("user").annotate(found=Count("*")).values("found")
    seen = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return Greatest(F("mentions") - seen, 0)


def tell_on_commit(logs: Logs, people: People) -> None:
    """Tell each of them, on all their connections, what the number is by now."""
    wanted = {(room_id, user_id) for room_id, ids in people.items() for user_id in ids}
    if not wanted:
        return
    rows = Membership.objects.filter(
        room__in=people, user__in={user_id for _, user_id in wanted}
    ).values_list("room_id", "user_id", "mentions")
    told: dict[int, dict[int, int]] = {}
    for room_id, user_id, mentions in rows:
        if (room_id, user_id) in wanted:
            told.setdefault(room_id, {})[user_id] = mentions

    def ring() -> None:
        for room_id, numbers in told.items():
            tell(logs.rooms[room_id], numbers)

    transaction.on_commit(ring, robust=True)


def tell(room: Room, numbers: Mapping[int, int]) -> None:
    """Each person their own number."""
    about = {"type": "mentions", "room": room.slug, "seq": room.last_seq}
    events = {user_id: {**about, "mentions": number} for user_id, number in numbers.items()}
    bell.tell_many(events, "mentions", room.pk)
