"""Reacting, and taking it back. Called by the socket and REST.

Both may be asked for again: what is so already is no second event. What tells a message's author
that somebody reacted belongs into `_add`, in the transaction, where the message is at hand.
"""

from django.db import transaction
from django.db.models import Max

from rooms.core import lookup, policy
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.representations import person
from rooms.limits import limits
from rooms.models import Message, Reaction, Room, User
from rooms.protocol import Conflict, Invalid

from . import emoji as emojis
from .representations import of_emoji


def react(user: User, slug: str, message_id: int, emoji: str) -> int:
    """The `seq` of the event that says it; the room's head if it was so already."""
    return _change(user, slug, message_id, emoji, wanted=True)


def unreact(user: User, slug: str, message_id: int, emoji: str) -> int:
    return _change(user, slug, message_id, emoji, wanted=False)


def chosen(emoji: str) -> str:
    """As it is kept and told. Raises Invalid for what is not one emoji."""
    found = emojis.in_full(emoji)
    if found is None:
        raise Invalid("`emoji` has to be one emoji of Unicode, and nothing else.")
    return found


def _change(user: User, slug: str, message_id: int, emoji: str, *, wanted: bool) -> int:
    room, _ = lookup.find_room(user, slug)
    emoji = chosen(emoji)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        locked = logs.rooms.get(room.pk)
        if locked is None:
            raise policy.no_room(slug)
        membership = lookup.membership_of(user, locked)
        facts = lookup.facts_of(user, locked, membership)
        policy.require("reaction.add" if wanted else "reaction.remove", facts)
        message = lookup.message_in(locked, message_id)
        row = Reaction.objects.filter(message=message, user=user, emoji=emoji).first()
        if wanted and row is None:
            _require_space(message, user, emoji)
            if membership is None:
                add_member_in_transaction(logs, locked, user)
            _add(logs, message, user, emoji)
            _tell(logs, locked, "reaction.added", message, user, emoji)
        elif not wanted and row is not None:
            row.delete()
            _tell(logs, locked, "reaction.removed", message, user, emoji)
        return locked.last_seq


def forget(_logs: Logs, _room: Room, message: Message) -> None:
    """With a message go its reactions, also where a mark of it stays."""
    message.reactions.all().delete()


def _require_space(message: Message, user: User, emoji: str) -> None:
    most_emoji, most_own = limits().reaction_emoji, limits().reactions_per_person
    others = message.reactions.exclude(emoji=emoji)
    if others.values("emoji").distinct().count() >= most_emoji:
        raise Conflict(f"A message has at most {most_emoji} different reactions.")
    if others.filter(user=user).count() >= most_own:
        raise Conflict(f"Nobody reacts to one message with more than {most_own} emoji.")


def _add(logs: Logs, message: Message, user: User, emoji: str) -> None:
    place = message.reactions.filter(emoji=emoji).values_list("place", flat=True).first()
    if place is None:
        last = message.reactions.aggregate(last=Max("place"))["last"]
        place = 0 if last is None else last + 1
    Reaction.objects.create(message=message, user=user, emoji=emoji, place=place, at=logs.at)


def _tell(logs: Logs, room: Room, type: str, message: Message, user: User, emoji: str) -> None:
    """With all that is shown of this emoji now: whatever a page has of it, this takes its place."""
    payload = {
        "message": {"id": message.pk, "seq": message.seq},
        "user": person(user),
        **of_emoji(message.pk, emoji),
    }
    logs.append(room, type, payload)
