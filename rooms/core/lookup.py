"""What a person is to a room: looked up in the database, decided by `policy`.

Called by whoever shows a room or lets somebody in (`actions` has `find_room` as well), and by
`live.access`, which asks for many at once.
"""

from collections.abc import Collection

from rooms.models import Ban, Membership, Room, User, is_slug
from rooms.protocol.shapes import Withdrawal

from . import policy, statements

# (user id, room id)
Pair = tuple[int, int]


def is_banned(user: User, room: Room) -> bool:
    rows = statements.select(Ban, room_id=[room.pk], user_id=[user.pk])
    return any(row.in_force for row in rows)


def may_see(user: User, room: Room, membership: Membership | None) -> bool:
    return policy.may_see(room, membership, membership is None and is_banned(user, room))


def find_room(user: User, slug: str) -> tuple[Room, Membership | None]:
    """A room that `user` may see, with their membership, or NotFound."""
    rooms = statements.select(Room, slug=[slug]) if is_slug(slug) else []
    room = rooms[0] if rooms else None
    mine = statements.select(Membership, room_id=[room.pk], user_id=[user.pk]) if room else []
    membership = mine[0] if mine else None
    banned = room is not None and membership is None and is_banned(user, room)
    return policy.require_see(room, membership, banned, slug), membership


def withdrawn(pairs: Collection[Pair]) -> dict[Pair, Withdrawal]:
    """Those of `pairs` who may not hear the room, and why not. Three queries for any number."""
    room_ids = {room_id for _, room_id in pairs}
    user_ids = {user_id for user_id, _ in pairs}
    rooms = Room.objects.only("visibility", "slug").in_bulk(room_ids)
    members = {
        (row.user_id, row.room_id): row
        for row in Membership.objects.filter(room__in=room_ids, user__in=user_ids)
    }
    bans = Ban.objects.in_force().filter(room__in=room_ids, user__in=user_ids)
    banned = set(bans.values_list("user_id", "room_id"))
    found: dict[Pair, Withdrawal] = {}
    for pair in pairs:
        room = rooms.get(pair[1])
        if room is None:
            found[pair] = "deleted"
        elif not policy.may_see(room, members.get(pair), pair in banned):
            found[pair] = "banned" if pair in banned else "not_a_member"
    return found
