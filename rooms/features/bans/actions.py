"""Banning and lifting bans.

Called by REST, which gives the caller as `by`: then `policy` decides, over what is true while the
room is locked; and by the admin, which has asked already whether the caller may.
"""

from datetime import UTC, datetime

from django.db.models import Q
from django.utils import timezone

from rooms.core import bell, lookup, moderation, policy
from rooms.core.fields import check_fields
from rooms.core.log import Logs, locked
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
    return _ban(room_id, user, "", by, reason, until, staff)


def ban_stranger(
    room_id: int, name: str, by: User, reason: str = "", until: datetime | None = None
) -> tuple[Ban, bool]:
    """The same for somebody who has not come yet, by user name. Whether anybody has that name is
    not told, by nothing that follows; who takes it later is kept out as well: see `strangers`."""
    user = User.objects.filter(username=name).first()
    return _ban(room_id, user, name, by, reason, until, staff=False)


def _ban(
    room_id: int,
    user: User | None,
    name: str,
    by: User | None,
    reason: str,
    until: datetime | None,
    staff: bool,
) -> tuple[Ban, bool]:
    if until is not None and until <= timezone.now():
        raise Invalid("`until` is in the past.")
    # As many queries for nobody.
    user_id = user.pk if user is not None else 0
    with locked(room_id) as (logs, room):
        if by is not None and by.pk == user_id:
            raise Invalid("You cannot ban yourself. Leave the room instead.")
        membership = member_of(room, user_id)
        require_about("ban.make", room, None if staff else by, membership)
        if membership is not None:
            # They came in a moment ago.
            name = ""
        fields = {"user": user, "name": name, "by": by, "reason": reason, "until": until}
        check_fields(Ban(room=room, **(fields if not name else {**fields, "user": None})))
        same = Q(user=user_id) | (Q(name=name) if name else Q())
        _require_bans_left(room, same)
        row, new = Ban.objects.filter(same).update_or_create(
            room=room, defaults={**fields, "at": logs.at}
        )
        mine = Q(user=user_id) | (Q(user=None, name=name) if name else Q())
        for invitation in Invitation.objects.filter(mine, room=room):
            end_invitation_in_transaction(invitation, room)
        end_invitations_by_in_transaction(room, user_id)
        if membership is not None:
            remove_member_in_transaction(logs, room, membership)
        elif user is not None:
            bell.recheck_on_commit(user.pk, room.pk)
        told = f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else ""
        moderation.record_in_transaction(
            logs, room, by, moderation.Deed.BAN, user, name=name, reason=reason, details=told
        )
        return row, new


def _require_bans_left(room: Room, same: Q) -> None:
    others = Ban.objects.filter(room=room).exclude(same)
    others.filter(until__lte=timezone.now()).delete()
    most = limits().bans_per_room
    if others.count() >= most:
        raise Conflict(f"{room.name} has {most:,} bans. Lift one first.")


def unban(room_id: int, user: User, by: User | None = None) -> None:
    """Lift a ban. Who was a member before is none now, and may join again where everybody may."""
    with locked(room_id) as (logs, room):
        if by is not None:
            policy.require("ban.lift", lookup.facts(by, room))
        lifted = _lift(logs, room, by, Q(user=user.pk))
        if not lifted and by is not None:
            raise NotFound(f"{room.name} keeps no {user.pk} out.")


def lift(row: Ban, by: User | None = None) -> None:
    """For the site's staff."""
    with locked(row.room_id) as (logs, room):
        _lift(logs, room, by, Q(pk=row.pk))


def unban_stranger(room_id: int, name: str, by: User) -> None:
    with locked(room_id) as (logs, room):
        policy.require("ban.lift", lookup.facts(by, room))
        if not _lift(logs, room, by, Q(name=name) & ~Q(name="")):
            raise NotFound(f"{room.name} keeps nobody out by the name {name!r}.")


def _lift(logs: Logs, room: Room, by: User | None, which: Q) -> bool:
    """Whether there was one."""
    row = Ban.objects.filter(which, room=room).select_related("user").first()
    if row is None:
        return False
    row.delete()
    deed = moderation.Deed.UNBAN
    moderation.record_in_transaction(logs, room, by, deed, row.user, name=row.name)
    return True
