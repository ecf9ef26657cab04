"""Joining and leaving. Called by REST and pages."""

from django.db import transaction

from rooms.core import policy
from rooms.core.log import writing_in_transaction
from rooms.core.lookup import find_room
from rooms.core.membership import (
    add_member_in_transaction,
    other_owners,
    remove_member_in_transaction,
)
from rooms.models import Membership, Room, User


def join(user: User, slug: str, role: str = Membership.Role.MEMBER) -> tuple[Room, Membership]:
    """Become a member. Joining twice is joining once."""
    room, membership = find_room(user, slug)
    policy.require_join(room, membership)
    if membership is not None:
        return room, membership
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        if room.pk not in logs.rooms:
            raise policy.no_room(slug)
        room = logs.rooms[room.pk]
        membership = Membership.objects.filter(room=room, user=user).first()
        policy.require_join(room, membership)
        if membership is None:
            membership = add_member_in_transaction(logs, room, user, role)
    return room, membership


def leave(user: User, slug: str) -> Room:
    """Stop being a member. The last owner of a closed room cannot."""
    room, _ = find_room(user, slug)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        if room.pk not in logs.rooms:
            raise policy.no_room(slug)
        room = logs.rooms[room.pk]
        membership = Membership.objects.filter(room=room, user=user).first()
        policy.require_leave(room, membership, other_owners(room, user))
        assert membership is not None
        remove_member_in_transaction(logs, room, membership)
    return room
