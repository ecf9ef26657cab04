"""Memberships that begin and end, inside the transaction of the caller, who has decided it.

Called by the actions of features. A room has an owner for as long as it has members:
see `pass_on_in_transaction`.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Case, IntegerField, Value, When

from rooms.limits import limits
from rooms.models import Invitation, InviteLink, Membership, Mute, Room, User
from rooms.protocol import Conflict, NotFound

from . import bell, inbox, lookup, person_lock, policy, read_state, representations
from .log import Logs
from .policy import Facts
from .representations import member as member_json
from .representations import person
from .rules import MANAGERS, keeps_an_owner

Role = Membership.Role
# Who comes first when an owner is wanted.
BY_ROLE = Case(
    When(role=Role.OWNER, then=Value(0)),
    When(role=Role.MODERATOR, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


def add_member_in_transaction(
    logs: Logs, room: Room, user: User, role: str | None = None
) -> Membership:
    """A newcomer has read everything: what was said before is not addressed to them. Without
    `role` they get the one that they are invited in, or are a member. Their invitation is used up.

    Raises NotFound, before anything is written, for somebody who is banned, Conflict for somebody
    who is in too many rooms, and RateLimited: see `person_lock`.
    """
    if lookup.is_banned(user.pk, room):
        raise policy.no_room(room.slug)
    person_lock.try_in_transaction(user.pk)
    most = limits().memberships_per_user
    if Membership.objects.filter(user=user).count() >= most:
        raise Conflict(f"Nobody is in more than {most:,} rooms. Leave one first.")
    invitation = Invitation.objects.filter(room=room, user=user).first()
    if role is None:
        role = _role_of(invitation, room)
    mutes = Mute.objects.filter(room=room, user=user, until__gt=logs.at)
    if role == Role.OWNER:
        mutes.delete()
    row = Membership.objects.create(
        room=room,
        user=user,
        role=role,
        read_seq=room.last_seq,
        read_count=room.message_count,
        muted_until=mutes.values_list("until", flat=True).first(),
    )
    if invitation is not None:
        end_invitation_in_transaction(invitation, room)
    logs.append(room, "member.joined", {"member": member_json(row)})
    state = read_state.of_room(room, row.read_count)
    transaction.on_commit(lambda: bell.read_state(user.pk, state), robust=True)
    return row


def _role_of(invitation: Invitation | None, room: Room) -> str:
    """An invitation is worth what its maker may still give."""
    plain = Role.MEMBER.value
    if invitation is None or invitation.role == plain or invitation.by is None:
        return plain
    if invitation.declined or not Invitation.objects.in_force().filter(pk=invitation.pk).exists():
        return plain
    facts = lookup.facts(invitation.by, room)._replace(gives=invitation.role)
    return invitation.role if policy.allows("invitation.make", facts) else plain


def remove_member_in_transaction(logs: Logs, room: Room, membership: Membership) -> None:
    user = membership.user
    if membership.role in MANAGERS:
        end_links_by_in_transaction(room, user.pk)
    membership.delete()
    logs.append(room, "member.left", {"member": {"user": person(user)}})
    bell.recheck_on_commit(user.pk, room.pk)
    # What waits for them in this room is not shown any more.
    inbox.tell_on_commit([user.pk])
    state = read_state.of_room(room, None)
    transaction.on_commit(lambda: bell.read_state(user.pk, state), robust=True)


def set_role_in_transaction(logs: Logs, room: Room, membership: Membership, role: str) -> None:
    if role not in MANAGERS:
        end_links_by_in_transaction(room, membership.user_id)
    membership.role = role
    if role == Role.OWNER and membership.muted_until is not None:
        # Nobody could lift it any more.
        membership.muted_until = None
        Mute.objects.filter(room=room, user=membership.user_id).delete()
    membership.save(update_fields=["role", "muted_until"])
    bell.recheck_on_commit(membership.user_id, room.pk)
    logs.append(room, "member.changed", {"member": member_json(membership)})


def leave_in_transaction(logs: Logs, room: Room, membership: Membership) -> None:
    """Of one's own will: nobody is kept."""
    remove_member_in_transaction(logs, room, membership)
    pass_on_in_transaction(logs, room)


def pass_on_in_transaction(logs: Logs, room: Room) -> None:
    """After somebody has left: a room whose last owner that was gets the longest-serving of its
    moderators, else of its members; a closed room that is empty now is archived, because nobody
    could come in again. So is one between two that one has left: what the other wrote there would
    reach nobody."""
    if room.visibility == Room.Visibility.DIRECT:
        _archive_in_transaction(logs, room)
        return
    members = Membership.objects.filter(room=room)
    if members.filter(role=Role.OWNER).exists():
        return
    heirs = members.select_related("user").order_by("-user__is_active", BY_ROLE, "joined_at", "pk")
    heir = heirs.first()
    if heir is not None:
        set_role_in_transaction(logs, room, heir, Role.OWNER.value)
    elif room.visibility != Room.Visibility.PUBLIC:
        _archive_in_transaction(logs, room)


def _archive_in_transaction(logs: Logs, room: Room) -> None:
    if room.archived_at is None:
        room.archived_at = logs.at
        room.save(update_fields=["archived_at"])
        logs.append(room, "room.changed", {"changed": representations.details(room)})


# Invitations --------------------------------------------------------------------------------------


def end_invitation_in_transaction(invitation: Invitation, room: Room) -> None:
    """The person's pages are told, if it was open to them."""
    user_id, was_open = invitation.user_id, not invitation.declined
    invitation.delete()
    if user_id is not None and was_open:
        tell_invitation_on_commit(user_id, room, None)


def end_invitations_by_in_transaction(room: Room, user_id: int) -> None:
    """Of somebody who may not invite any more, because others have decided so."""
    for invitation in Invitation.objects.filter(room=room, by=user_id):
        end_invitation_in_transaction(invitation, room)


def end_links_by_in_transaction(room: Room, user_id: int) -> None:
    """Of somebody who does not look after the room any more, for whatever reason: a link lets in
    whoever holds it, so somebody has to answer for it."""
    InviteLink.objects.filter(room=room, by=user_id).delete()


def tell_invitation_on_commit(
    user_id: int, room: Room, invitation: Mapping[str, Any] | None
) -> None:
    event = {"type": "invitation", "room": room.slug, "invitation": invitation}
    transaction.on_commit(lambda: bell.tell(user_id, "invitation", event, room.pk), robust=True)


# Facts --------------------------------------------------------------------------------------------


def member_of(room: Room, user_id: int) -> Membership | None:
    return Membership.objects.select_related("user").filter(room=room, user=user_id).first()


def facts_about(
    room: Room, acting: Facts, target: Membership | None, gives: str | None = None
) -> Facts:
    """What the rules want to know when somebody acts on a member, or on somebody who is none."""
    if target is None:
        return acting._replace(gives=gives)
    others = Membership.objects.filter(room=room, role=Role.OWNER).exclude(pk=target.pk)
    last = target.role == Role.OWNER and not others.exists()
    return acting._replace(target=target.role, gives=gives, last_owner=last)


def require_owner_left(facts: Facts) -> None:
    """For the site's staff, whose permissions have been asked for already."""
    refused = keeps_an_owner(facts)
    if refused is not None:
        raise refused


def no_member(user_id: int, room: Room) -> NotFound:
    """The same for somebody who has an account and for nobody."""
    return NotFound(f"{room.name} has no member {user_id}.")


def require_about(
    action: str, room: Room, by: User | None, target: Membership | None, gives: str | None = None
) -> None:
    """Whether `by` may do this to a member. For staff it is only asked that an owner is left."""
    if by is None:
        require_owner_left(facts_about(room, Facts(room), target, gives))
        return
    facts = facts_about(room, lookup.facts(by, room), target, gives)
    policy.require(action, facts._replace(own=target is not None and target.user_id == by.pk))
