"""Memberships that begin and end, inside the transaction of whoever has decided it.

Called by `actions`, `posting` and `moderation`.
"""

from django.db import transaction

from rooms.models import Membership, Room, User

from . import bell, lookup, policy
from .log import Logs
from .representations import member as member_json
from .representations import person


def add_member_in_transaction(
    logs: Logs, room: Room, user: User, role: str = Membership.Role.MEMBER
) -> Membership:
    """A newcomer has read everything: what was said before is not addressed to them. Raises
    NotFound, before anything is written, for who is banned."""
    policy.require_admit(room, lookup.is_banned(user, room))
    row = Membership.objects.create(
        room=room, user=user, role=role, read_seq=room.last_seq, read_count=room.message_count
    )
    logs.append(room, "member.joined", {"member": member_json(row)})
    facts = (user.pk, room.pk, room.slug, row.read_count, row.read_seq, row.read_count)
    transaction.on_commit(lambda: bell.watch(*facts), robust=True)
    return row


def remove_member_in_transaction(logs: Logs, room: Room, membership: Membership) -> None:
    user = membership.user
    membership.delete()
    logs.append(room, "member.left", {"member": {"user": person(user)}})
    bell.recheck_on_commit(user.pk, room.pk)
    facts = (user.pk, room.pk, room.slug, None, room.last_seq, room.message_count)
    transaction.on_commit(lambda: bell.watch(*facts), robust=True)


def other_owners(room: Room, user: User) -> int:
    owners = room.memberships.filter(role=Membership.Role.OWNER)
    return owners.exclude(user=user).count()
