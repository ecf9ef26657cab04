"""Asking and voting. Called by the socket."""

from uuid import UUID

from django.db import transaction

from rooms.core import lookup, policy
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.reports import report_in_transaction
from rooms.models import Room, User
from rooms.protocol import Invalid, NotFound

from .models import Poll, Vote
from .representations import KIND, poll


def create(user: User, slug: str, question: str, options: list[str], client_id: UUID) -> None:
    """Leaves a message in the room. The same `client_id` again asks nothing again."""
    room, _ = lookup.find_room(user, slug)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        locked = _locked(logs, room)
        policy.require("poll.create", lookup.facts(user, locked))
        row, new = Poll.objects.get_or_create(
            author=user,
            client_id=client_id,
            defaults={"room": locked, "question": question, "options": options},
        )
        if new:
            report_in_transaction(logs, locked, user, question, KIND, row.pk)


def vote(user: User, poll_id: UUID, option: int) -> None:
    """One's vote replaces the one before."""
    row = Poll.objects.select_related("room").filter(pk=poll_id).first()
    if row is None or not policy.allows("room.see", lookup.facts(user, row.room)):
        raise NotFound("There is no such poll, or you may not see it.")
    if option >= len(row.options):
        raise Invalid(f"The poll has {len(row.options)} options.")
    with transaction.atomic(), writing_in_transaction([row.room_id]) as logs:
        locked = _locked(logs, row.room)
        policy.require("poll.vote", lookup.facts(user, locked))
        Vote.objects.update_or_create(poll=row, user=user, defaults={"option": option})
        logs.append(locked, "poll.voted", {"poll": poll(row)})


def _locked(logs: Logs, room: Room) -> Room:
    found = logs.rooms.get(room.pk)
    if found is None:
        raise policy.no_room(room.slug)
    return found
