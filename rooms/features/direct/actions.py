"""Opening the room between two people. Called by REST.

There is one for each two, whoever asks for it and however often: both people's rows are held
while it is looked for, and its `pair` is unique.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from rooms.core import acquaintance, person_lock, policy, representations
from rooms.core.counterparts import pair_of
from rooms.core.fields import check_fields
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.policy import Facts
from rooms.limits import limits
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict, RateLimited
from rooms.text import graphemes

SLUG_BYTES = 8
MEMBER = Membership.Role.MEMBER.value


def open_direct(user: User, username: str) -> tuple[str, bool]:
    """The slug of the room between `user` and somebody, and whether it is new. Who asks comes back
    into one that they have left; the other is not brought back, and as long as one of them is
    away, the room is archived.

    Raises NotFound for strangers and for nobody alike, Conflict for somebody who is in too many
    rooms, and RateLimited.
    """
    other = acquaintance.named(username)
    other_id = other.pk if other is not None else 0
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk, other_id)
        room = Room.objects.filter(pair=pair_of(user.pk, other_id)).first()
        _require(user, other_id, room)
        assert other is not None, "somebody who is nobody shares no room"
        new = room is None
        if room is None:
            room = _make(user, other)
        with writing_in_transaction([room.pk]) as logs:
            room = logs.rooms.get(room.pk)
            if room is None:
                raise policy.no_room(username)
            _enter(logs, room, user, [user, other] if new else [user])
    return room.slug, new


def _require(user: User, other_id: int, room: Room | None) -> None:
    """As many queries for a stranger as for nobody."""
    there = Membership.objects.filter(user=user, room=room.pk if room is not None else 0).exists()
    shared = acquaintance.share_a_room(user, other_id) or there
    known = MEMBER if shared else None
    policy.require("direct.open", Facts(role=known, target=known, own=user.pk == other_id))


def _make(user: User, other: User) -> Room:
    most, now = limits().direct_rooms_per_day, timezone.now()
    since = now - timedelta(days=1)
    made = Room.objects.filter(
        visibility=Room.Visibility.DIRECT, created_by=user, created_at__gt=since
    ).order_by("-created_at")
    oldest = made.values_list("created_at", flat=True)[most - 1 : most].first()
    if oldest is not None:
        wait = (oldest - since).total_seconds()
        raise RateLimited(f"Nobody begins to write to more than {most:,} people a day.", wait)
    # Each of them reads the other's name instead.
    names = f"{user.get_username()} and {other.get_username()}"
    room = Room(
        slug=f"direct-{secrets.token_hex(SLUG_BYTES)}",
        name=graphemes.cut(names, 80, graphemes.ELLIPSIS),
        visibility=Room.Visibility.DIRECT,
        pair=pair_of(user.pk, other.pk),
        created_by=user,
    )
    check_fields(room)
    room.save(force_insert=True)
    return room


def _enter(logs: Logs, room: Room, user: User, people: list[User]) -> None:
    there = set(Membership.objects.filter(room=room).values_list("user_id", flat=True))
    for person in people:
        if person.pk in there:
            continue
        try:
            add_member_in_transaction(logs, room, person, MEMBER)
        except Conflict:
            if person == user:
                raise
            raise Conflict(f"{person.name} is in as many rooms as anybody may be.") from None
        there.add(person.pk)
        if len(there) == 2 and room.archived_at is not None:
            # The other never left, or came back before.
            room.archived_at = None
            room.save(update_fields=["archived_at"])
            logs.append(room, "room.changed", {"changed": representations.details(room)})
