"""Changes to a room, its members and who is kept out of it, told to the room like everything else.

Called by the admin, which has asked already whether the caller may, and by REST, which gives the
caller as `by`: then `policy` decides, over what is true while the room is locked. Each is one
transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from rooms.core import bell, lookup, policy
from rooms.core.fields import check_fields
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import (
    add_member_in_transaction,
    other_owners,
    remove_member_in_transaction,
)
from rooms.core.representations import member as member_json
from rooms.models import Attachment, Ban, Event, Membership, Message, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound


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


@contextmanager
def _locked(room_id: int) -> Iterator[tuple[Logs, Room]]:
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        if room_id not in logs.rooms:
            raise NotFound()
        yield logs, logs.rooms[room_id]


def _member(room: Room, user: User) -> Membership | None:
    return Membership.objects.select_related("user").filter(room=room, user=user).first()


def _require_manage(room: Room, by: User) -> None:
    """Who has lost sight of the room since they were let in is told that there is none."""
    acting = _member(room, by)
    if not lookup.may_see(by, room, acting):
        raise policy.no_room(room.slug)
    policy.require_manage(acting)


def _require_manage_member(
    room: Room, by: User | None, target: Membership | None, role: str | None = None
) -> None:
    if by is not None:
        _require_manage(room, by)
        policy.require_manage_member(_member(room, by), target, role)


# Rooms --------------------------------------------------------------------------------------------


def change_room(room_id: int, changes: Mapping[str, Any], by: User | None = None) -> None:
    """`changes` are some of the fields of `Details`. Who listens to a room that is closed by it,
    and is no member, hears no more of it."""
    with _locked(room_id) as (logs, room):
        if by is not None:
            _require_manage(room, by)
        before = Details.of(room)
        details = replace(before, **changes)
        if details == before:
            return
        moved = details.visibility != before.visibility
        if moved and before.visibility == Room.Visibility.DIRECT and by is not None:
            raise Forbidden("A room between two people stays that.")
        room.name, room.topic, room.visibility = details.name, details.topic, details.visibility
        if details.archived != before.archived:
            room.archived_at = logs.at if details.archived else None
        check_fields(room)
        room.save(update_fields=["name", "topic", "visibility", "archived_at"])
        if moved:
            bell.recheck_on_commit(None, room.pk)
        logs.append(room, "room.changed", {"changed": asdict(details)})


def delete_room(room_id: int) -> None:
    """The room with all that was said in it, its log and its files. Who listens is told."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=room_id).first()
        if room is None:
            return
        files = [row.file for row in Attachment.objects.filter(room=room)]
        bell.recheck_on_commit(None, room.pk, gone=True)
        # Statements of their own, where Django would read every row to follow its relations.
        Event.objects.filter(room=room).delete()
        Attachment.objects.filter(room=room).delete()
        Message.objects.filter(room=room).update(reply_to=None)
        room.delete()
        transaction.on_commit(partial(_remove, files))


def _remove(files: list[FieldFile]) -> None:
    for file in files:
        if file.name:
            file.storage.delete(file.name)


# Members ------------------------------------------------------------------------------------------


def add_member(
    room_id: int, user: User, role: str, by: User | None = None
) -> tuple[Membership, bool]:
    """The membership, and whether it is new: whoever is a member already stays what they are."""
    with _locked(room_id) as (logs, room):
        _require_manage_member(room, by, None, role)
        membership = _member(room, user)
        if membership is not None:
            return membership, False
        if lookup.is_banned(user, room):
            raise Conflict(f"{user.name} is banned from {room.name}. Lift the ban first.")
        check_fields(Membership(room=room, user=user, role=role))
        return add_member_in_transaction(logs, room, user, role), True


def remove_member(room_id: int, user: User, by: User | None = None) -> None:
    """Put out somebody who may come back, where everybody may; see `ban`."""
    with _locked(room_id) as (logs, room):
        membership = _member(room, user)
        if by != user:
            _require_manage_member(room, by, membership)
        if membership is None:
            if by is not None:
                raise _no_member(user, room)
            return
        policy.require_owner_left(room, membership, other_owners(room, user))
        remove_member_in_transaction(logs, room, membership)


def change_role(room_id: int, user: User, role: str, by: User | None = None) -> Membership | None:
    with _locked(room_id) as (logs, room):
        membership = _member(room, user)
        _require_manage_member(room, by, membership, role)
        if membership is None:
            if by is not None:
                raise _no_member(user, room)
            return None
        if membership.role == role:
            return membership
        policy.require_owner_left(room, membership, other_owners(room, user))
        membership.role = role
        check_fields(membership)
        membership.save(update_fields=["role"])
        bell.recheck_on_commit(user.pk, room.pk)
        logs.append(room, "member.changed", {"member": member_json(membership)})
        return membership


def _no_member(user: User, room: Room) -> NotFound:
    return NotFound(f"{user.name} is not a member of {room.name}.")


# Bans ---------------------------------------------------------------------------------------------


def ban(
    room_id: int,
    user: User,
    by: User | None,
    reason: str = "",
    until: datetime | None = None,
    staff: bool = False,
) -> tuple[Ban, bool]:
    """Keep somebody out: they do not see the room any more, be it public, until `until` or until
    the ban is lifted. The ban, and whether it is new. `staff`: the admin has asked already."""
    if until is not None and until <= timezone.now():
        raise Invalid("`until` is in the past.")
    with _locked(room_id) as (logs, room):
        membership = _member(room, user)
        _require_manage_member(room, None if staff else by, membership)
        if by == user:
            raise Invalid("You cannot ban yourself. Leave the room instead.")
        if membership is not None:
            policy.require_owner_left(room, membership, other_owners(room, user))
        fields = {"by": by, "reason": reason, "until": until, "at": logs.at}
        check_fields(Ban(room=room, user=user, **fields))
        row, new = Ban.objects.update_or_create(room=room, user=user, defaults=fields)
        if membership is not None:
            remove_member_in_transaction(logs, room, membership)
        else:
            bell.recheck_on_commit(user.pk, room.pk)
        return row, new


def unban(room_id: int, user: User, by: User | None = None) -> None:
    """Lift a ban. Who was a member before is none now, and may join again where everybody may."""
    with _locked(room_id) as (_, room):
        if by is not None:
            _require_manage(room, by)
        lifted, _ = Ban.objects.filter(room=room, user=user).delete()
        if not lifted and by is not None:
            raise NotFound(f"{user.name} is not banned from {room.name}.")
