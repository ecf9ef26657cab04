"""Changes that staff make to a room and its members, told to the room like everything else.

Called by the admin, which has asked already whether the caller may. Each is one transaction.
"""

from dataclasses import asdict, dataclass

from django.db import transaction

from .actions import check_fields
from .log import writing_in_transaction
from .members import add_member_in_transaction, remove_member_in_transaction
from .models import Membership, Room, User
from .representations import member as member_json


@dataclass(frozen=True)
class Details:
    """What can be changed of a room. `room.changed` carries all of it as `changed`."""

    name: str
    topic: str
    visibility: str
    archived: bool

    @classmethod
    def of(cls, room: Room) -> "Details":
        return cls(room.name, room.topic, room.visibility, room.archived_at is not None)


def change_room(room_id: int, details: Details) -> None:
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        room = logs.rooms[room_id]
        if details == Details.of(room):
            return
        room.name, room.topic, room.visibility = details.name, details.topic, details.visibility
        if details.archived != (room.archived_at is not None):
            room.archived_at = logs.at if details.archived else None
        check_fields(room)
        room.save(update_fields=["name", "topic", "visibility", "archived_at"])
        logs.append(room, "room.changed", {"changed": asdict(details)})


def add_member(room_id: int, user: User, role: str) -> Membership:
    """Whoever is a member already stays what they are."""
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        room = logs.rooms[room_id]
        membership = Membership.objects.filter(room=room, user=user).first()
        return membership or add_member_in_transaction(logs, room, user, role)


def remove_member(room_id: int, user: User) -> None:
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        membership = _member(room_id, user)
        if membership is not None:
            remove_member_in_transaction(logs, logs.rooms[room_id], membership)


def change_role(room_id: int, user: User, role: str) -> None:
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        membership = _member(room_id, user)
        if membership is None or membership.role == role:
            return
        membership.role = role
        check_fields(membership)
        membership.save(update_fields=["role"])
        member = {"member": member_json(membership)}
        logs.append(logs.rooms[room_id], "member.changed", member)


def _member(room_id: int, user: User) -> Membership | None:
    return Membership.objects.select_related("user").filter(room=room_id, user=user).first()
