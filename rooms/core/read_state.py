"""How far people have read in their rooms: what unread counts are made of."""

from collections.abc import Collection
from typing import NamedTuple

from rooms.models import Membership, Room, User

from . import statements


class ReadState(NamedTuple):
    """How far one member has read one room. Travels over the channel layer as a plain list."""

    room_id: int
    slug: str
    # Messages that the member has read; None: not a member any more.
    read_count: int | None
    # The room's head, and how many messages it has had.
    last_seq: int
    message_count: int


def of_room(room: Room, read_count: int | None) -> ReadState:
    return ReadState(room.pk, room.slug, read_count, room.last_seq, room.message_count)


def of_user(user: User) -> list[ReadState]:
    """One for each of the user's rooms, in two queries."""
    memberships = {row.room_id: row for row in statements.select(Membership, user_id=[user.pk])}
    return [
        of_room(room, memberships[room.pk].read_count)
        for room in statements.select(Room, id=memberships)
    ]


def of_users(user_ids: Collection[int]) -> dict[int, list[ReadState]]:
    """The same for many users in one query. Users without a room are missing."""
    found: dict[int, list[ReadState]] = {}
    rows = Membership.objects.filter(user__in=user_ids).values_list(
        "user_id",
        "room_id",
        "room__slug",
        "read_count",
        "room__last_seq",
        "room__message_count",
    )
    for user_id, room_id, slug, read_count, last_seq, message_count in rows:
        state = ReadState(room_id, slug, read_count, last_seq, message_count)
        found.setdefault(user_id, []).append(state)
    return found
