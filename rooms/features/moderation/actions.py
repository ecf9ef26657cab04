"""Changes to a room, its members and who is kept out of it, told to the room like everything else.

Called by the admin, which has asked already whether the caller may, and by REST, which gives the
caller as `by`: then `policy` decides, over what is true while the room is locked. Each is one
transaction. Of a person that these are about nothing but the `pk` is looked at where it may be
nobody's.
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
    end_invitation_in_transaction,
    end_invitations_by_in_transaction,
    facts_about,
    leave_in_transaction,
    member_of,
    remove_member_in_transaction,
    require_owner_left,
    set_role_in_transaction,
)
from rooms.core.policy import Facts
from rooms.core.representations import details as details_json
from rooms.limits import limits
from rooms.models import Attachment, Ban, Event, Invitation, Membership, Message, Room, User
from rooms.protocol import Conflict, Invalid, NotFound


@dataclass(frozen=True)
class Details:
    """What can be changed of a room."""

    name: str
    topic: str
    visibility: str
    archived: bool

    @classmethod
    def of(cls, room: Room) -> "Details":
        return cls(**details_json(room))


@contextmanager
def _locked(room_id: int) -> Iterator[tuple[Logs, Room]]:
    with transaction.atomic(), writing_in_transaction([room_id]) as logs:
        if room_id not in logs.rooms:
            raise NotFound()
        yield logs, logs.rooms[room_id]


def _no_member(user_id: int, room: Room) -> NotFound:
    """The same for somebody who has an account and for nobody."""
    return NotFound(f"{room.name} has no member {user_id}.")


def _require_about(
    action: str, room: Room, by: User | None, target: Membership | None, gives: str | None = None
) -> None:
    """Whether `by` may do this to a member. For staff it is only asked that an owner is left."""
    if by is None:
        require_owner_left(facts_about(room, Facts(room), target, gives))
        return
    facts = facts_about(room, lookup.facts(by, room), target, gives)
    policy.require(action, facts._replace(own=target is not None and target.user_id == by.pk))


# Rooms --------------------------------------------------------------------------------------------


def change_room(room_id: int, changes: Mapping[str, Any], by: User | None = None) -> None:
    """`changes` are some of the fields of `Details`. Who listens to a room that is closed by it,
    and is no member, hears no more of it."""
    with _locked(room_id) as (logs, room):
        before = Details.of(room)
        details = replace(before, **changes)
        moved = details.visibility != before.visibility
        if by is not None:
            facts = lookup.facts(by, room)
            policy.require("room.change", facts)
            if details.archived != before.archived:
                policy.require("room.archive", facts)
            if moved:
                public = details.visibility == Room.Visibility.PUBLIC
                policy.require("room.publish" if public else "room.close", facts)
        if details == before:
            return
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


def add_member(room_id: int, user: User, role: str) -> tuple[Membership, bool]:
    """For the site's staff; anybody else invites. The membership, and whether it is new: a member
    stays what they are."""
    with _locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        if membership is not None:
            return membership, False
        if lookup.is_banned(user.pk, room):
            raise Conflict(f"{user.name} is banned from {room.name}. Lift the ban first.")
        check_fields(Membership(room=room, user=user, role=role))
        return add_member_in_transaction(logs, room, user, role), True


def remove_member(room_id: int, user: User, by: User | None = None) -> None:
    """Put somebody out who may come back, where everybody may; see `ban`. To remove oneself is to
    leave."""
    with _locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        if by == user and membership is not None:
            leave_in_transaction(logs, room, membership)
            return
        _require_about("member.remove", room, by, membership)
        if membership is None:
            if by is not None:
                raise _no_member(user.pk, room)
            return
        remove_member_in_transaction(logs, room, membership)
        end_invitations_by_in_transaction(room, user.pk)


def change_role(room_id: int, user: User, role: str, by: User | None = None) -> Membership | None:
    with _locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        _require_about("member.change_role", room, by, membership, role)
        if membership is None:
            if by is not None:
                raise _no_member(user.pk, room)
            return None
        if membership.role == role:
            return membership
        check_fields(Membership(room=room, user=membership.user, role=role))
        set_role_in_transaction(logs, room, membership, role)
        if role == Membership.Role.MEMBER:
            end_invitations_by_in_transaction(room, user.pk)
        return membership


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
        if by == user:
            raise Invalid("You cannot ban yourself. Leave the room instead.")
        membership = member_of(room, user.pk)
        _require_about("ban.make", room, None if staff else by, membership)
        fields = {"by": by, "reason": reason, "until": until, "at": logs.at}
        check_fields(Ban(room=room, user=user, **fields))
        _require_bans_left(room, user)
        row, new = Ban.objects.update_or_create(room=room, user=user, defaults=fields)
        for invitation in Invitation.objects.filter(room=room, user=user):
            end_invitation_in_transaction(invitation, room)
        end_invitations_by_in_transaction(room, user.pk)
        if membership is not None:
            remove_member_in_transaction(logs, room, membership)
        else:
            bell.recheck_on_commit(user.pk, room.pk)
        return row, new


def _require_bans_left(room: Room, user: User) -> None:
    others = Ban.objects.filter(room=room).exclude(user=user)
    others.filter(until__lte=timezone.now()).delete()
    most = limits().bans_per_room
    if others.count() >= most:
        raise Conflict(f"{room.name} has {most:,} bans. Lift one first.")


def unban(room_id: int, user: User, by: User | None = None) -> None:
    """Lift a ban. Who was a member before is none now, and may join again where everybody may."""
    with _locked(room_id) as (_, room):
        if by is not None:
            policy.require("ban.lift", lookup.facts(by, room))
        lifted, _ = Ban.objects.filter(room=room, user=user).delete()
        if not lifted and by is not None:
            raise NotFound(f"{room.name} keeps no {user.pk} out.")
