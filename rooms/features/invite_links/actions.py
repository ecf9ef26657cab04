"""Making links into a room, taking them back, and coming in by one. Called by REST and the page."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from rooms.core import lookup, person_lock, policy
from rooms.core.log import locked, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.limits import limits
from rooms.models import InviteLink, Membership, Room, User
from rooms.protocol import Conflict, NotFound

from .policy import no_link

SECRET_BYTES = 16
# Nothing longer is looked for.
SECRET_CHARACTERS = 64
WEEK_SECONDS = 7 * 86_400


def make_link(
    by: User, slug: str, seconds: int | None = WEEK_SECONDS, most_uses: int | None = None
) -> tuple[InviteLink, str]:
    """A new link, and its secret, which can be seen this once. None: it does not run out."""
    room, _ = lookup.find_room(by, slug)
    with locked(room.pk) as (logs, room):
        policy.require("invite_link.make", lookup.facts(by, room))
        _require_links_left(room)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        until = None if seconds is None else logs.at + timedelta(seconds=seconds)
        row = InviteLink.objects.create(
            room=room, digest=_digest(secret), by=by, at=logs.at, until=until, most_uses=most_uses
        )
    return row, secret


def _require_links_left(room: Room) -> None:
    """What has run out makes room."""
    most, rows = limits().invite_links_per_room, InviteLink.objects.filter(room=room)
    if rows.count() < most:
        return
    rows.exclude(pk__in=rows.in_force().values("pk")).delete()
    if rows.count() >= most:
        raise Conflict(f"{room.name} has {most:,} links. Take one back first.")


def revoke_link(by: User, slug: str, pk: int) -> None:
    """Raises NotFound when it is gone."""
    room, _ = lookup.find_room(by, slug)
    with locked(room.pk) as (_, room):
        policy.require("invite_link.revoke", lookup.facts(by, room))
        if not InviteLink.objects.filter(room=room, pk=pk).delete()[0]:
            raise NotFound(f"{room.name} has no link {pk}.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def link_behind(secret: str) -> InviteLink:
    """The link that is in force, with its room and its maker. Raises NotFound."""
    found = None
    if len(secret) <= SECRET_CHARACTERS and secret.isascii():
        rows = InviteLink.objects.in_force().filter(by__is_active=True)
        found = rows.filter(digest=_digest(secret)).select_related("room", "by").first()
    if found is None:
        raise no_link()
    return found


def join_by_link(user: User, secret: str) -> tuple[Room, Membership]:
    """Become a member. Whoever is one already stays what they are, and uses nothing up."""
    link = link_behind(secret)
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        with writing_in_transaction([link.room_id]) as logs:
            if link.room_id not in logs.rooms:
                raise no_link()
            room = logs.rooms[link.room_id]
            membership = lookup.membership_of(user, room)
            policy.require("invite_link.accept", lookup.facts_of(user, room, membership))
            if membership is None:
                _use_in_transaction(link)
                membership = add_member_in_transaction(logs, room, user)
    return room, membership


def _use_in_transaction(link: InviteLink) -> None:
    """The room is held: who comes in by one link comes in one after the other."""
    rows = InviteLink.objects.in_force().filter(pk=link.pk)
    if not rows.update(uses=F("uses") + 1, used_at=timezone.now()):
        raise no_link()
