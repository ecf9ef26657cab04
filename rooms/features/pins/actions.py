"""Pinning a message of a room, and unpinning it. Called by the socket and REST.

Both may be asked for again: what is so already is no second event.
"""

from rooms.core import lookup, policy
from rooms.core.log import Logs, locked
from rooms.core.representations import person
from rooms.limits import limits
from rooms.models import Message, Pin, Room, User
from rooms.protocol import Conflict


def pin(user: User, slug: str, message_id: int) -> int:
    """The `seq` of the event that says it; the room's head if it was so already."""
    room, _ = lookup.find_room(user, slug)
    with locked(room.pk) as (logs, room):
        policy.require("pin.add", lookup.facts(user, room))
        message = lookup.message_in(room, message_id)
        if not Pin.objects.filter(message=message).exists():
            most = limits().pins_per_room
            if Pin.objects.filter(room=room).count() >= most:
                raise Conflict(f"{room.name} has {most} pinned messages. Unpin one of them first.")
            _tell(logs, room, "message.pinned", message, user)
            Pin.objects.create(room=room, message=message, by=user, seq=room.last_seq, at=logs.at)
        return room.last_seq


def unpin(user: User, slug: str, message_id: int) -> int:
    room, _ = lookup.find_room(user, slug)
    with locked(room.pk) as (logs, room):
        policy.require("pin.remove", lookup.facts(user, room))
        message = lookup.message_in(room, message_id)
        if Pin.objects.filter(message=message).delete()[0]:
            _tell(logs, room, "message.unpinned", message, user)
        return room.last_seq


def forget(_logs: Logs, _room: Room, message: Message) -> None:
    """What is deleted is pinned no more, also where a mark of it stays."""
    Pin.objects.filter(message=message).delete()


def _tell(logs: Logs, room: Room, type: str, message: Message, user: User) -> None:
    """Without what the message says: that is not to stay in the log when it is deleted."""
    payload = {"message": {"id": message.pk, "seq": message.seq}, "user": person(user)}
    logs.append(room, type, payload)
