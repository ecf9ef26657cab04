"""The JSON of a poll, the same in messages and events."""

from collections.abc import Sequence
from typing import Any

from rooms.core.message_parts import MessagePart
from rooms.models import Membership, Message, Room, User

from .models import Poll

KIND = "poll"
MOST_POLLS = 20

SCHEMA: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "question": {"type": "string"},
                "options": {"type": "array", "items": {"type": "string"}},
                "votes": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["id", "question", "options", "votes"],
        },
        {"type": "null"},
    ]
}


def poll(row: Poll) -> dict[str, Any]:
    """`votes` are as many numbers as there are options."""
    cast = [vote.option for vote in row.votes.all()]
    return {
        "id": str(row.pk),
        "question": row.question,
        "options": row.options,
        "votes": [cast.count(option) for option in range(len(row.options))],
    }


def _of_messages(rows: Sequence[Message]) -> dict[int, dict[str, Any]]:
    wanted = {row.pk: row.subject for row in rows if row.kind == KIND}
    if not wanted:
        return {}
    polls = Poll.objects.prefetch_related("votes").in_bulk(list(wanted.values()))
    return {pk: poll(polls[key]) for pk, key in wanted.items() if key in polls}


def room_state(user: User, room: Room, membership: Membership | None) -> dict[str, Any]:
    """`polls`: those of the room, each by its id."""
    rows = Poll.objects.filter(room=room).prefetch_related("votes")[:MOST_POLLS]
    return {"polls": {str(row.pk): poll(row) for row in rows}}


PART = MessagePart("poll", _of_messages, SCHEMA)
