"""The one JSON shape of a person, a message, an attachment, a room and a member.

Used by events, the socket, REST and the pages alike. Plain JSON types only, so that an event read
from the database is the same, to the letter, as the one that was rung.
"""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from .models import Attachment, Ban, Membership, Message, Room, User


def timestamp(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: 2026-05-01T09:30:00.000000Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def person(user: User | None) -> dict[str, Any] | None:
    return None if user is None else {"id": user.pk, "name": user.name}


def attachment(row: Attachment) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "size": row.size,
        "content_type": row.content_type,
        "url": reverse("rooms:attachment", args=[row.pk, row.name]),
    }


def message(row: Message, room_slug: str, files: list[Attachment] | None = None) -> dict[str, Any]:
    """`files` are the message's attachments when the caller has them at hand."""
    if files is None:
        files = list(row.attachments.all()) if row.kind == Message.Kind.JOB else []
    return {
        "id": row.pk,
        "room": room_slug,
        "seq": row.seq,
        "at": timestamp(row.created_at),
        "author": person(row.author),
        "body": row.body,
        "html": row.html,
        "kind": row.kind,
        "reply_to": row.reply_to_id,
        "client_id": str(row.client_id) if row.client_id else None,
        "job": str(row.job) if row.job else None,
        "attachments": [attachment(file) for file in files],
    }


def room(row: Room, membership: Membership | None, members: int | None = None) -> dict[str, Any]:
    """`members` is how many there are, where the caller counted them."""
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
    return body


def member(row: Membership) -> dict[str, Any]:
    return {"user": person(row.user), "role": row.role, "joined_at": timestamp(row.joined_at)}


def ban(row: Ban) -> dict[str, Any]:
    return {
        "user": person(row.user),
        "by": person(row.by),
        "reason": row.reason,
        "at": timestamp(row.at),
        "until": timestamp(row.until) if row.until else None,
    }
