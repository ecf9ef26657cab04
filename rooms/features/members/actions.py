"""Joining and leaving. Called by REST and pages."""

from django.db import transaction

from rooms.core import person_lock, policy
from rooms.core.log import writing_in_transaction
from rooms.core.lookup import facts_of, find_room, membership_of, room_by_slug, with_invitation
from rooms.core.membership import add_member_in_transaction, leave_in_transaction, member_of
from rooms.models import Membership, Room, User


def join(user: User, slug: str, role: str | None = None) -> tuple[Room, Membership]:
    """Become a member, of a closed room by invitation. Joining twice is joining once."""
    room = room_by_slug(slug)
    membership = membership_of(user, room)
    policy.require("room.join", with_invitation(user, facts_of(user, room, membership)))
    if membership is not None:
        return room, membership
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        with writing_in_transaction([room.pk]) as logs:
            if room.pk not in logs.rooms:
                raise policy.no_room(slug)
            room = logs.rooms[room.pk]
            membership = membership_of(user, room)
            policy.require("room.join", with_invitation(user, facts_of(user, room, membership)))
            if membership is None:
                membership = add_member_in_transaction(logs, room, user, role)
    return room, membership


def leave(user: User, slug: str) -> Room:
    """Stop being a member. Nobody is kept: see `core.membership.pass_on_in_transaction`."""
    room, _ = find_room(user, slug)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        if room.pk not in logs.rooms:
            raise policy.no_room(slug)
        room = logs.rooms[room.pk]
        membership = member_of(room, user.pk)
        policy.require("room.leave", facts_of(user, room, membership))
        assert membership is not None
        leave_in_transaction(logs, room, membership)
    return room
