"""Making rooms. Called by REST, pages and the admin."""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from rooms.core import person_lock
from rooms.core.fields import check_fields
from rooms.core.log import writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.limits import limits
from rooms.models import FormerSlug, Membership, Room, User
from rooms.protocol import Conflict, RateLimited

SLUG_CHARACTERS, STEM_CHARACTERS = 64, 56
# Of a closed room's ending, 32 bits: few rooms can be made in a day. A public one's is for doubles.
CLOSED_BYTES, DOUBLE_BYTES = 4, 3


def create_room(
    user: User,
    slug: str,
    name: str,
    topic: str = "",
    visibility: str = Room.Visibility.PUBLIC,
    *,
    unused: bool = False,
) -> Room:
    """A new room with `user` as its owner. Raises Conflict when the slug is taken, or, with
    `unused`, ever was: that is the same answer, and tells nobody which rooms there are."""
    room = Room(slug=slug, name=name, topic=topic, visibility=visibility, created_by=user)
    check_fields(room)
    try:
        with transaction.atomic():
            room.save(force_insert=True)
            if unused and FormerSlug.objects.filter(slug=slug).exists():
                raise IntegrityError
            with writing_in_transaction([room.pk]) as logs:
                room = logs.rooms[room.pk]
                add_member_in_transaction(logs, room, user, Membership.Role.OWNER)
    except IntegrityError:
        raise Conflict(f"{slug!r} is, or was, a room's slug; choose another one.") from None
    return room


def create_room_for(
    user: User,
    name: str,
    topic: str = "",
    visibility: str = Room.Visibility.PUBLIC,
    slug: str | None = None,
) -> Room:
    """A new room, as a person makes one. Without `slug` it is made of the name, with some letters
    more when that is taken.

    A closed room's slug always gets such an ending: else somebody who tries slugs would learn by a
    refusal which rooms there are that they may not see. A public room that was closed keeps its
    own: so no slug is given twice, and a refusal says only that there once was such a room. Raises
    Conflict when a public room's `slug` is or was taken, and RateLimited.
    """
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        _require_rooms_left(user)
        return _create_for(user, name, topic, visibility, slug)


def _create_for(user: User, name: str, topic: str, visibility: str, slug: str | None) -> Room:
    stem = slug or slugify(name).replace("_", "-").strip("-") or "room"
    if visibility != Room.Visibility.PUBLIC:
        slug = _with_ending(stem, secrets.token_hex(CLOSED_BYTES))
    if slug is not None:
        return create_room(user, slug, name, topic, visibility, unused=True)
    try:
        plain = stem[:STEM_CHARACTERS].strip("-")
        return create_room(user, plain, name, topic, visibility, unused=True)
    except Conflict:
        slug = _with_ending(stem[:STEM_CHARACTERS], secrets.token_hex(DOUBLE_BYTES))
        return create_room(user, slug, name, topic, visibility, unused=True)


def _with_ending(stem: str, ending: str) -> str:
    return f"{stem[: SLUG_CHARACTERS - 1 - len(ending)].strip('-')}-{ending}"


def _require_rooms_left(user: User) -> None:
    """How many rooms a person makes in a day is bounded."""
    most, now = limits().rooms_per_day, timezone.now()
    since = now - timedelta(days=1)
    rooms = Room.objects.for_many().filter(created_by=user, created_at__gt=since)
    made = rooms.order_by("-created_at")
    oldest = made.values_list("created_at", flat=True)[most - 1 : most].first()
    if oldest is not None:
        wait = (oldest - since).total_seconds()
        raise RateLimited(f"Nobody makes more than {most:,} rooms a day.", max(1.0, wait))
