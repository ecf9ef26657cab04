"""What a person is to a room: looked up in the database, decided by `policy`.

Called where a room is shown or somebody let in (`actions` has `find_room` as well), and by
`live.access`, which asks for many at once.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from rooms.models import Ban, Invitation, Membership, Message, Mute, Room, User, is_slug
from rooms.protocol import NotFound
from rooms.protocol.shapes import Withdrawal

from . import policy, statements
from .policy import Facts

# (user id, room id)
Pair = tuple[int, int]


def is_banned(user_id: int, room: Room) -> bool:
    rows = statements.select(Ban, room_id=[room.pk], user_id=[user_id])
    return any(row.in_force for row in rows)


def membership_of(user: User, room: Room) -> Membership | None:
    rows = statements.select(Membership, room_id=[room.pk], user_id=[user.pk])
    return rows[0] if rows else None


def muted_until(user_id: int, room: Room, membership: Membership | None) -> datetime | None:
    """Until when somebody only reads in a room. Of who is no member it is asked where they might
    speak."""
    if membership is not None:
        return membership.muted_at(timezone.now())
    if room.visibility != Room.Visibility.PUBLIC:
        return None
    rows = statements.select(Mute, room_id=[room.pk], user_id=[user_id])
    return next((row.until for row in rows if row.until > timezone.now()), None)


def facts_of(user: User, room: Room, membership: Membership | None) -> Facts:
    """What the rules of rooms want to know, but for invitations. A member is never banned."""
    muted = muted_until(user.pk, room, membership)
    if membership is not None:
        return Facts(room, membership.role, muted_until=muted)
    return Facts(room, banned=is_banned(user.pk, room), muted_until=muted)


def facts(user: User, room: Room) -> Facts:
    """The same, looked up."""
    return facts_of(user, room, membership_of(user, room))


def facts_of_many(pairs: Collection[Pair], rooms: Mapping[int, Room]) -> dict[Pair, Facts]:
    """`facts` of many, in three queries, by the rooms' ids: none of who asks about another room."""
    asked = [pair for pair in pairs if pair[1] in rooms]
    people, places = {user_id for user_id, _ in asked}, {room_id for _, room_id in asked}
    members = statements.select(Membership, room_id=places, user_id=people)
    now = timezone.now()
    roles = {(row.user_id, row.room_id): row.role for row in members}
    muted = {(row.user_id, row.room_id): row.muted_at(now) for row in members}
    strangers = [pair for pair in asked if pair not in roles]
    people, places = {user_id for user_id, _ in strangers}, {room_id for _, room_id in strangers}
    bans = statements.select(Ban, room_id=places, user_id=people)
    banned = {(row.user_id, row.room_id) for row in bans if row.in_force}
    mutes = statements.select(Mute, room_id=places, user_id=people)
    muted |= {(row.user_id, row.room_id): row.until for row in mutes if row.until > now}
    return {
        pair: Facts(
            rooms[pair[1]],
            roles.get(pair),
            banned=pair in banned,
            muted_until=muted.get(pair),
        )
        for pair in asked
    }


def with_invitation(user: User, facts: Facts) -> Facts:
    """The same, for a rule that asks whether they are invited."""
    if facts.role is not None or facts.banned:
        return facts
    return facts._replace(invited=Invitation.objects.open_to(user).filter(room=facts.room).exists())


def staff_permissions(user: User) -> Collection[str]:
    return user.get_all_permissions() if user.is_staff else ()


def room_by_slug(slug: str) -> Room:
    """Whether the caller may see it or not, which is to be asked next. If there is none, a closed
    one that nobody is in: it is looked at and refused like any other, and takes as long."""
    rooms = statements.select(Room, slug=[slug]) if is_slug(slug) else []
    return rooms[0] if rooms else Room(pk=0, slug=slug, visibility=Room.Visibility.PRIVATE)


def find_room(user: User, slug: str) -> tuple[Room, Membership | None]:
    """A room that `user` may see, with their membership, or NotFound."""
    room = room_by_slug(slug)
    membership = membership_of(user, room)
    policy.require("room.see", facts_of(user, room, membership))
    return room, membership


def message_in(room: Room, message_id: int) -> Message:
    """A message of the room, with its author, that is not deleted. Raises NotFound."""
    rows = Message.objects.filter(pk=message_id, room=room, deleted_at=None)
    row = rows.select_related("author").first()
    if row is None:
        raise NotFound(f"There is no message {message_id} in {room.slug!r}.")
    return row


class Standing(NamedTuple):
    """What somebody who listens to a room may do there: why they may hear it no more, else until
    when they only read."""

    withdrawn: Withdrawal | None = None
    muted_until: datetime | None = None


def standings(pairs: Collection[Pair]) -> dict[Pair, Standing]:
    """Those of `pairs` who may not do everything. Four queries for any number."""
    rooms = Room.objects.only("visibility", "slug").in_bulk({room_id for _, room_id in pairs})
    known = facts_of_many(pairs, rooms)
    found: dict[Pair, Standing] = {}
    for pair in pairs:
        facts = known.get(pair)
        if facts is None:
            found[pair] = Standing("deleted")
        elif not policy.allows("room.see", facts):
            found[pair] = Standing("banned" if facts.banned else "not_a_member")
        elif facts.muted_until is not None:
            found[pair] = Standing(muted_until=facts.muted_until)
    return found
