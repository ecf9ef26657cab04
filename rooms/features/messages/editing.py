"""Editing what one has said, and what it said before. Called by the socket and REST.

The text is checked and rendered as that of a post is, before the room is locked. What stood there
is kept: for its author, and for who looks after the room.
"""

from typing import Any, NamedTuple

from rooms.core import changed_messages, lookup, policy, representations
from rooms.core.log import Logs, locked
from rooms.limits import limits
from rooms.models import Message, MessageEdit, Room, User
from rooms.protocol import Forbidden

from .actions import Post


class WrittenEdit(NamedTuple):
    """A message as it is now, and the event that says so: the room's head if nothing changed."""

    seq: int
    message: dict[str, Any]


def edit_message(post: Post, message_id: int) -> WrittenEdit:
    """Have a message say what `post` says. The same text again is no event. Raises Refusals."""
    post.checked()
    room, _ = lookup.find_room(post.author, post.room)
    with locked(room.pk) as (logs, room):
        row = lookup.message_in(room, message_id)
        policy.require("message.edit", facts_about(logs, room, row, post.author))
        if row.kind != Message.Kind.TEXT:
            raise Forbidden("Only what a person has written can be edited.")
        if row.body != post.body:
            _replace(logs, room, row, post)
        return WrittenEdit(room.last_seq, representations.message(row, room.slug))


def _replace(logs: Logs, room: Room, row: Message, post: Post) -> None:
    most = limits().message_edits
    if row.edits.count() >= most:
        raise Forbidden(f"A message is edited at most {most} times.")
    seq = logs.take_seq(room)
    MessageEdit.objects.create(
        message=row,
        seq=seq,
        body=row.body,
        written_at=row.edited_at or row.created_at,
        replaced_at=logs.at,
    )
    row.body, row.html, row.edited_at = post.body, post.html, logs.at
    row.save(update_fields=["body", "html", "edited_at"])
    changed_messages.was_edited(logs, room, row)
    payload = {"message": representations.message(row, room.slug)}
    logs.append(room, "message.edited", payload, seq=seq)


def earlier_texts(user: User, slug: str, message_id: int) -> list[dict[str, Any]]:
    """What a message said before, the oldest first."""
    room, membership = lookup.find_room(user, slug)
    row = lookup.message_in(room, message_id)
    facts = lookup.facts_of(user, room, membership)
    policy.require("message.history", facts._replace(own=row.author_id == user.pk))
    return [
        {
            "body": edit.body,
            "at": representations.timestamp(edit.written_at),
            "until": representations.timestamp(edit.replaced_at),
        }
        for edit in row.edits.order_by("seq")
    ]


def facts_about(logs: Logs, room: Room, row: Message, user: User) -> policy.Facts:
    """What the rules of editing and deleting want to know, but for what the author is here."""
    end = room.edits_end(row.created_at)
    late = end is not None and end <= logs.at
    return lookup.facts(user, room)._replace(own=row.author_id == user.pk, late=late)
