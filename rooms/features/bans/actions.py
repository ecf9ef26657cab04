"""Banning and lifting bans.

Called by REST, which gives the caller as `by`: then `policy` decides, over what is true while the
room is locked; and by the admin, which has asked already whether the caller may.
"""

from datetime import datetime

from django.utils import timezone

from rooms.core import bell, lookup, policy
from rooms.core.fields import check_fields
from rooms.core.log import locked
from rooms.core.membership import (
    end_invitation_in_transaction,
    end_invitations_by_in_transaction,
    member_of,
    remove_member_in_transaction,
    require_about,
)
from rooms.limits import limits
from rooms.models import Ban, Invitation, Room, User
from rooms.protocol import Conflict, Invalid, NotFound


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
    with locked(room_id) as (logs, room):
        if by == user:
            raise Invalid("You cannot ban yourself. Leave the room instead.")
        membership = member_of(room, user.pk)
        require_about("ban.make", room, None if staff else by, membership)
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
    with locked(room_id) as (_, room):
        if by is not None:
            policy.require("ban.lift", lookup.facts(by, room))
        lifted, _ = Ban.objects.filter(room=room, user=user).delete()
        if not lifted and by is not None:
            raise NotFound(f"{room.name} keeps no {user.pk} out.")
