"""Making rooms. Called by REST, pages and the admin."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from rooms.core.fields import check_fields
from rooms.core.log import writing_in_transaction
from rooms.core.membership import (
    add_member_in_transaction,
)
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict


def create_room(
    user: User,
    slug: str,
    name: str,
    topic: str = "",
    visibility: str = Room.Visibility.PUBLIC,
) -> Room:
    """A new room with `user` as its owner. Raises Conflict when the slug is taken."""
    room = Room(slug=slug, name=name, topic=topic, visibility=visibility, created_by=user)
    check_fields(room)
    try:
        with transaction.atomic():
            room.save(force_insert=True)
            with writing_in_transaction([room.pk]) as logs:
                room = logs.rooms[room.pk]
                add_member_in_transaction(logs, room, user, Membership.Role.OWNER)
    except IntegrityError:
        raise Conflict(f"There is a room {slug!r} already; choose another slug.") from None
    return room


def create_room_named(
    user: User, name: str, topic: str = "", visibility: str = Room.Visibility.PUBLIC
) -> Room:
    """A new room whose slug is made of its name, with some letters more when that is taken."""
    stem = slugify(name).replace("_", "-").strip("-")[:56].strip("-") or "room"
    try:
        return create_room(user, stem, name, topic, visibility)
    except Conflict:
        return create_room(user, f"{stem}-{secrets.token_hex(3)}", name, topic, visibility)
