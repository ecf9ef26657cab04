"""Muting a member of a room for a while, and ending it before. Called by the socket and REST.

Who is muted reads on. The rules of all that others read ask for it (`rules.take_part`): over what
stands beside the membership, or, where the person has left, over the mute: `lookup.muted_until`.
"""

from datetime import timedelta

from rooms.core import bell, moderation
from rooms.core.fields import check_fields
from rooms.core.log import Logs, locked
from rooms.core.membership import member_of, no_member, require_about
from rooms.core.representations import member as member_json
from rooms.models import Membership, Mute, Room, User
from rooms.protocol import Invalid
from rooms.text import lines

UNITS = (("day", 1440), ("hour", 60), ("minute", 1))
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 30 * 24 * 60


def mute(room_id: int, user_id: int, by: User, minutes: int, reason: str = "") -> Membership:
    """Have a member only read for so long from now on, whatever was said before."""
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise Invalid(f"`minutes` is {SHORTEST_MINUTES} to {LONGEST_MINUTES:,}.")
    reason = lines.one_line(reason)
    with locked(room_id) as (logs, room):
        membership = member_of(room, user_id)
        require_about("member.mute", room, by, membership)
        if membership is None:
            raise no_member(user_id, room)
        until = logs.at + timedelta(minutes=minutes)
        fields = {"by": by, "reason": reason, "at": logs.at, "until": until}
        check_fields(Mute(room=room, user=membership.user, **fields))
        Mute.objects.update_or_create(room=room, user=membership.user, defaults=fields)
        membership.muted_until = until
        _tell(logs, room, membership)
        deed, told = moderation.Deed.MUTE, f"for {lasting(minutes)}"
        moderation.record_in_transaction(
            logs, room, by, deed, membership.user, reason=reason, details=told
        )
        # With the log's head as it is now.
        membership.room = room
        return membership


def unmute(room_id: int, user_id: int, by: User) -> Room:
    """Let somebody write again, also who has left meanwhile. Who is not muted stays that."""
    with locked(room_id) as (logs, room):
        membership = member_of(room, user_id)
        require_about("member.unmute", room, by, membership)
        row = Mute.objects.filter(room=room, user=user_id, until__gt=logs.at).first()
        if row is None:
            return room
        row.delete()
        if membership is not None:
            membership.muted_until = None
            _tell(logs, room, membership)
        moderation.record_in_transaction(logs, room, by, moderation.Deed.UNMUTE, row.user)
        return room


def lasting(minutes: int) -> str:
    """10 minutes, 1 hour, 7 days: in the largest unit of which it is a whole number. Pure."""
    unit, length = next(each for each in UNITS if minutes % each[1] == 0)
    number = minutes // length
    return f"{number:,} {unit}{'s' * (number != 1)}"


def _tell(logs: Logs, room: Room, membership: Membership) -> None:
    membership.save(update_fields=["muted_until"])
    # Sockets are asked for it, too: typing is told by them, without the database.
    bell.recheck_on_commit(membership.user_id, room.pk)
    logs.append(room, "member.changed", {"member": member_json(membership)})
