"""Invitations: nobody is put into a room without being asked. Called by REST.

To accept one is to join: `actions.join`.

What the inviting side is told is the same whether the name is somebody's or not, and whether they
take more invitations, have declined, or never looked: else one could list all accounts.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from rooms.core import acquaintance, lookup, person_lock, policy
from rooms.core.log import writing_in_transaction
from rooms.core.membership import (
    end_invitation_in_transaction,
    member_of,
    tell_invitation_on_commit,
)
from rooms.core.representations import own_invitation
from rooms.limits import limits
from rooms.models import Ban, Invitation, Membership, Room, User
from rooms.protocol import Conflict, NotFound


def invite(by: User, slug: str, which: int | str, role: str) -> Invitation | Membership:
    """The invitation, or the membership of somebody who is a member already. Raises NotFound for a
    number that the caller cannot know, Conflict for somebody who is banned."""
    room, _ = lookup.find_room(by, slug)
    policy.require("invitation.make", lookup.facts(by, room)._replace(gives=role))
    with transaction.atomic():
        # Both are held to a bound; of nobody there is no row.
        invited = acquaintance.named(which)
        person_lock.hold_in_transaction(by.pk, invited.pk if invited is not None else 0)
        with writing_in_transaction([room.pk]) as logs:
            if room.pk not in logs.rooms:
                raise policy.no_room(slug)
            room = logs.rooms[room.pk]
            policy.require("invitation.make", lookup.facts(by, room)._replace(gives=role))
            if isinstance(which, int):
                user: User | None = acquaintance.find(by, which, room)
            else:
                user = acquaintance.named(which)
            # Of somebody that they know by number they know the name that everybody reads.
            name = user.name if isinstance(which, int) and user is not None else str(which)
            there = _existing(room, user, name, typed=not isinstance(which, int))
            return there or _new(by, room, user, name, role)


def _existing(
    room: Room, user: User | None, name: str, typed: bool
) -> Invitation | Membership | None:
    """Whatever there is of them in the room already. As many queries for nobody.

    A name that was typed before gets the same answer again, whatever has become of it: it may be
    somebody's only now, or nobody's any more, or of somebody who took no more invitations then.
    """
    user_id = user.pk if user is not None else 0
    member = member_of(room, user_id)
    if member is not None:
        return member
    them = Q(user=user_id) | (Q(name=name) if typed else Q())
    if Ban.objects.in_force().filter(them, room=room).exists():
        raise Conflict(f"{name} is banned from {room.name}. Lift the ban first.")
    rows = Invitation.objects.filter(room=room).select_related("by")
    for row in rows.exclude(pk__in=rows.in_force()):
        end_invitation_in_transaction(row, room)
    taken = _open_to(user_id)
    if typed:
        same = rows.filter(Q(user=None) | Q(user__username=name), name=name).first()
        if same is not None:
            _hand_over(same, room, user, taken)
            return same
    return rows.filter(user=user_id).first()


def _open_to(user_id: int) -> int:
    return Invitation.objects.in_force().filter(user=user_id, declined=False).count()


def _hand_over(row: Invitation, room: Room, user: User | None, taken: int) -> None:
    """To somebody who did not have this name, or took no more, when it was made."""
    if user is None or row.user_id is not None or taken >= limits().invitations_received:
        return
    if Invitation.objects.filter(room=room, user=user).exists():
        return
    row.user = user
    row.save(update_fields=["user"])
    members = Membership.objects.filter(room=room).count()
    tell_invitation_on_commit(user.pk, room, own_invitation(row, members))


def _new(by: User, room: Room, user: User | None, name: str, role: str) -> Invitation:
    open_rows = Invitation.objects.in_force()
    most = limits().invitations_made
    if open_rows.filter(by=by).count() >= most:
        raise Conflict(f"You have {most:,} open invitations. Cancel one first, or wait.")
    user_id = user.pk if user is not None else 0
    taken = _open_to(user_id)
    members = Membership.objects.filter(room=room).count()
    if taken >= limits().invitations_received:
        user = None
    row = Invitation(room=room, user=user, name=name, role=role, by=by)
    row.until = row.at + timedelta(days=limits().invitation_days)
    row.save(force_insert=True)
    if user is not None:
        tell_invitation_on_commit(user.pk, room, own_invitation(row, members))
    return row


def cancel(by: User, slug: str, pk: int) -> None:
    """Also of one that was declined. Raises NotFound when it is gone."""
    room, _ = lookup.find_room(by, slug)
    policy.require("invitation.cancel", lookup.facts(by, room))
    with transaction.atomic():
        row = Invitation.objects.in_force().filter(room=room, pk=pk).first()
        if row is None:
            raise NotFound(f"{room.name} has no invitation {pk}.")
        end_invitation_in_transaction(row, room)


def decline(user: User, slug: str) -> None:
    """Quietly: the room is not told. Raises NotFound without an invitation."""
    with transaction.atomic():
        rows = Invitation.objects.open_to(user).select_related("room")
        row = rows.filter(room__slug=slug).first()
        if row is None:
            raise NotFound(f"You have no invitation to {slug!r}.")
        Invitation.objects.filter(pk=row.pk).update(declined=True)
        tell_invitation_on_commit(user.pk, row.room, None)
