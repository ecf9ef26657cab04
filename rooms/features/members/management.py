"""Members that others add, change and remove.

Called by REST, which gives the caller as `by`: then `policy` decides, over what is true while the
room is locked; and by the admin, which has asked already whether the caller may.
Of a person that these are about nothing but the `pk` is looked at where it may be nobody's.
"""

from rooms.core import lookup, moderation
from rooms.core.fields import check_fields
from rooms.core.log import locked
from rooms.core.membership import (
    add_member_in_transaction,
    end_invitations_by_in_transaction,
    leave_in_transaction,
    member_of,
    no_member,
    remove_member_in_transaction,
    require_about,
    set_role_in_transaction,
)
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict


def add_member(room_id: int, user: User, role: str) -> tuple[Membership, bool]:
    """For the site's staff; anybody else invites. The membership, and whether it is new: a member
    stays what they are."""
    with locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        if membership is not None:
            return membership, False
        _require_for_many(room)
        if lookup.is_banned(user.pk, room):
            raise Conflict(f"{user.name} is banned from {room.name}. Lift the ban first.")
        check_fields(Membership(room=room, user=user, role=role))
        return add_member_in_transaction(logs, room, user, role), True


def _require_for_many(room: Room) -> None:
    """Of two who talk, neither is more than the other, and nobody comes in besides."""
    if room.pair is not None:
        raise Conflict("A room between two people stays that.")


def remove_member(room_id: int, user: User, by: User | None = None) -> None:
    """Put somebody out who may come back, where everybody may; see `ban`. To remove oneself is to
    leave."""
    with locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        if by == user and membership is not None:
            leave_in_transaction(logs, room, membership)
            return
        require_about("member.remove", room, by, membership)
        if membership is None:
            if by is not None:
                raise no_member(user.pk, room)
            return
        target = membership.user
        remove_member_in_transaction(logs, room, membership)
        moderation.record_in_transaction(logs, room, by, moderation.Deed.REMOVE, target)
        end_invitations_by_in_transaction(room, user.pk)


def change_role(room_id: int, user: User, role: str, by: User | None = None) -> Membership | None:
    with locked(room_id) as (logs, room):
        membership = member_of(room, user.pk)
        require_about("member.change_role", room, by, membership, role)
        if membership is None:
            if by is not None:
                raise no_member(user.pk, room)
            return None
        if membership.role == role:
            return membership
        _require_for_many(room)
        check_fields(Membership(room=room, user=membership.user, role=role))
        told = f"{membership.role} → {role}"
        set_role_in_transaction(logs, room, membership, role)
        moderation.record_in_transaction(
            logs, room, by, moderation.Deed.ROLE, membership.user, details=told
        )
        if role == Membership.Role.MEMBER:
            end_invitations_by_in_transaction(room, user.pk)
        return membership
