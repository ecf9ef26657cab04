"""What a newcomer finds. Called at a log-in, and by the page that people come to."""

from collections.abc import Sequence

from django.db import transaction

from rooms.core import lookup, person_lock, policy
from rooms.core.log import writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.models import Room, User


def welcome(user: User) -> Sequence[Room]:
    """Make a newcomer a member of the default rooms, once. Returns the rooms that they came into.
    Raises what the database raises: then they are a newcomer still."""
    if not user.is_newcomer:
        return []
    joined = []
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        if not User.objects.filter(pk=user.pk, is_newcomer=True).update(is_newcomer=False):
            return []
        ids = list(Room.objects.filter(is_default=True).values_list("pk", flat=True))
        with writing_in_transaction(ids) as logs:
            for room in logs.rooms.values():
                facts = lookup.facts(user, room)
                if room.is_default and facts.role is None and policy.allows("room.join", facts):
                    add_member_in_transaction(logs, room, user)
                    joined.append(room)
    user.is_newcomer = False
    return joined


def first_room(user: User) -> Room | None:
    """Where somebody begins who has not been anywhere: the oldest default room that they are in."""
    rooms = Room.objects.filter(is_default=True, memberships__user=user)
    return rooms.order_by("pk").first()
