"""The one JSON shape of a person, a message, an attachment, a room and a member.

Used by events, the socket, REST and the pages alike. Plain JSON types only, so that an event read
from the database is the same, to the letter, as the one that was rung.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from rooms.models import Attachment, Ban, Invitation, Membership, Message, Room, User

from . import message_parts

# What a room between two is called when the other has no account any more.
GONE = "Somebody who left"


# Messages that are written together have the same time.
@lru_cache(256)
def timestamp(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: 2026-05-01T09:30:00.000000Z."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


# Of what `person` returns, for parts that features add to messages.
PERSON_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}


def person(user: User | None) -> dict[str, Any] | None:
    return None if user is None else {"id": user.pk, "name": user.name}


def attachment(row: Attachment) -> dict[str, Any]:
    url = reverse("rooms:attachment", args=[row.pk, row.name])
    return {
        "id": str(row.pk),
        "name": row.name,
        "size": row.size,
        "content_type": row.content_type,
        "width": row.width,
        "height": row.height,
        "url": url,
        "preview": f"{url}?preview" if row.preview else None,
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
    deleted = [row for row in rows if row.deleted_at is not None]
    if deleted:
        prefetch_related_objects(deleted, "deleted_by")
    return [
        {
            **said(row, row.pk, row.author, room_slug, parts),
            "edited_at": timestamp(row.edited_at) if row.edited_at else None,
            "attachments": [attachment(file) for file in row.attachments.all()],
        }
        if row.deleted_at is None
        else {
            **said(row, row.pk, row.author, room_slug, message_parts.staying(parts)),
            "body": "",
            "html": "",
            "deleted": {"at": timestamp(row.deleted_at), "by": person(row.deleted_by)},
        }
        for row, parts in zip(rows, message_parts.of(rows), strict=True)
    ]


def message(row: Message, room_slug: str) -> dict[str, Any]:
    return messages([row], room_slug)[0]


def said(
    row: MessageFields, pk: int, author: User | None, room_slug: str, parts: Mapping[str, Any]
) -> dict[str, Any]:
    """A message as it was first written, without files, from a row or from what was just inserted
    as one."""
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
        "edited_at": None,
        "deleted": None,
        "attachments": [],
        **parts,
    }


def room(
    row: Room,
    membership: Membership | None,
    members: int | None = None,
    epoch: str | None = None,
    other: User | None = None,
    whole: bool = False,
) -> dict[str, Any]:
    """`members` is how many there are, where the caller counted them; `epoch` the one that was
    read before the row was; `other` is with whom the reader has it, if it is between two; `whole`
    with its description, which lists leave out."""
    body: dict[str, Any] = {
        "slug": row.slug,
        "name": row.name if row.pair is None else other.name if other else GONE,
        "other": person(other),
        "topic": row.topic,
        "visibility": row.visibility,
        "archived": row.archived_at is not None,
        "edit_window": row.edit_window,
        "who_posts": row.who_posts,
        "slow_mode": row.slow_mode_seconds,
        "default": row.is_default,
        "open_log": row.open_log,
        "created_at": timestamp(row.created_at),
        "active_at": timestamp(row.active_at),
        "seq": row.last_seq,
        "role": membership.role if membership else None,
        "muted_until": _muted(membership) if membership else None,
        "read_seq": membership.read_seq if membership else None,
        "unread": max(0, row.message_count - membership.read_count) if membership else 0,
        "mentions": membership.mentions if membership else 0,
    }
    if whole:
        body |= {"description": row.description, "description_html": row.description_html}
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
        "description": row.description,
        "description_html": row.description_html,
        "visibility": row.visibility,
        "archived": row.archived_at is not None,
        "edit_window": row.edit_window,
        "who_posts": row.who_posts,
        "slow_mode": row.slow_mode_seconds,
        "default": row.is_default,
        "open_log": row.open_log,
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
    return {
        "user": person(row.user),
        "role": row.role,
        "joined_at": timestamp(row.joined_at),
        "muted_until": _muted(row),
    }


def _muted(row: Membership) -> str | None:
    until = row.muted_at(timezone.now())
    return timestamp(until) if until else None


def ban(row: Ban) -> dict[str, Any]:
    return {
        "user": None if row.name else person(row.user),
        "name": row.name or (row.user.name if row.user else ""),
        "by": person(row.by),
        "reason": row.reason,
        "at": timestamp(row.at),
        "until": timestamp(row.until) if row.until else None,
    }
