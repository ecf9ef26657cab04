"""The one JSON shape of a person, a message, an attachment, a room and a member.

Used by events, the socket, REST and the pages alike. Plain JSON types only, so that an event read
from the database is the same, to the letter, as the one that was rung.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.urls import reverse

from rooms.models import Attachment, Ban, Invitation, Membership, Message, Room, User

from . import message_parts


# Messages that are written together have the same time.
@lru_cache(256)
def timestamp(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: 2026-05-01T09:30:00.000000Z."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def person(user: User | None) -> dict[str, Any] | None:
    return None if user is None else {"id": user.pk, "name": user.name}


def attachment(row: Attachment) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "size": row.size,
        "content_type": row.content_type,
        "width": row.width,
        "height": row.height,
        "url": reverse("rooms:attachment", args=[row.pk, row.name]),
    }


class MessageFields(Protocol):
    """What is shown of a message: a row of `Message`, or what is about to become one."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def reply_to_id(self) -> int | None: ...
    @property
    def client_id(self) -> UUID | None: ...
    @property
    def created_at(self) -> datetime: ...


def messages(rows: Sequence[Message], room_slug: str) -> list[dict[str, Any]]:
    """Messages of a room, whose rows have been read with author and attachments."""
    return [
        {
            **said(row, row.pk, row.author, room_slug, parts),
            "attachments": [attachment(file) for file in row.attachments.all()],
        }
        for row, parts in zip(rows, message_parts.of(rows), strict=True)
    ]


def message(row: Message, room_slug: str) -> dict[str, Any]:
    return messages([row], room_slug)[0]


def said(
    row: MessageFields, pk: int, author: User | None, room_slug: str, parts: Mapping[str, Any]
) -> dict[str, Any]:
    """A message without files, from a row or from what was just inserted as one."""
    return {
        "id": pk,
        "room": room_slug,
        "seq": row.seq,
        "at": timestamp(row.created_at),
        "author": person(author),
        "body": row.body,
        "html": row.html,
        "kind": row.kind,
        "reply_to": row.reply_to_id,
        "client_id": str(row.client_id) if row.client_id else None,
        "attachments": [],
        **parts,
    }


def room(
    row: Room,
    membership: Membership | None,
    members: int | None = None,
    epoch: str | None = None,
) -> dict[str, Any]:
    """`members` is how many there are, where the caller counted them; `epoch` the one that was
    read before the row was."""
    body: dict[str, Any] = {
        "slug": row.slug,
        "name": row.name,
        "topic": row.topic,
        "visibility": row.visibility,
        "archived": row.archived_at is not None,
        "created_at": timestamp(row.created_at),
        "active_at": timestamp(row.active_at),
        "seq": row.last_seq,
        "role": membership.role if membership else None,
        "read_seq": membership.read_seq if membership else None,
        "unread": max(0, row.message_count - membership.read_count) if membership else 0,
    }
    if members is not None:
        body["members"] = members
    if epoch is not None:
        body["epoch"] = epoch
    return body


def details(row: Room) -> dict[str, Any]:
    """What can be changed of a room: `room.changed` carries all of it."""
    return {
        "name": row.name,
        "topic": row.topic,
        "visibility": row.visibility,
        "archived": row.archived_at is not None,
    }


def invitation(row: Invitation) -> dict[str, Any]:
    """For the room's moderators. Whether somebody has that name, or has declined, is not told."""
    return {
        "id": row.pk,
        "state": "invited",
        "name": row.name,
        "role": row.role,
        "by": person(row.by),
        "at": timestamp(row.at),
        "until": timestamp(row.until),
    }


def own_invitation(row: Invitation, members: int) -> dict[str, Any]:
    """For the person who is invited: of the room no more than they need to decide."""
    return {
        "room": {
            "slug": row.room.slug,
            "name": row.room.name,
            "visibility": row.room.visibility,
            "members": members,
        },
        "role": row.role,
        "by": person(row.by),
        "at": timestamp(row.at),
        "until": timestamp(row.until),
    }


def member(row: Membership) -> dict[str, Any]:
    return {"user": person(row.user), "role": row.role, "joined_at": timestamp(row.joined_at)}


def ban(row: Ban) -> dict[str, Any]:
    return {
        "user": None if row.name else person(row.user),
        "name": row.name or (row.user.name if row.user else ""),
        "by": person(row.by),
        "reason": row.reason,
        "at": timestamp(row.at),
        "until": timestamp(row.until) if row.until else None,
    }
