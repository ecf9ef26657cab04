"""The one JSON shape of a person, a message, an attachment, a room and a member.

Used by events, the socket, REST and the pages alike. Plain JSON types only, so that an event read
from the database is the same, to the letter, as the one that was rung.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from rooms.models import Attachment, Ban, Membership, Message, Room, User


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
    return said(
        row.pk,
        room_slug,
        row.seq,
        timestamp(row.created_at),
        row.author,
        row.body,
        row.html,
        kind=row.kind,
        reply_to=row.reply_to_id,
        client_id=row.client_id,
        job=row.job,
        attachments=[attachment(file) for file in files],
    )


def said(
    id: int,
    room_slug: str,
    seq: int,
    at: str,
    author: User | None,
    body: str,
    html: str,
    *,
    kind: str = Message.Kind.TEXT.value,
    reply_to: int | None = None,
    client_id: UUID | None = None,
    job: UUID | None = None,
    attachments: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A message whose row nobody needs: `posting` writes most of them without making one."""
    return {
        "id": id,
        "room": room_slug,
        "seq": seq,
        "at": at,
        "author": person(author),
        "body": body,
        "html": html,
        "kind": kind,
        "reply_to": reply_to,
        "client_id": str(client_id) if client_id else None,
        "job": str(job) if job else None,
        "attachments": attachments or [],
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
