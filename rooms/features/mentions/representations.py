"""The JSON of a message's mentions, the same for every reader: whether one of them is the reader,
the page finds out.

The HTML of a message marks what could be a name; these are the names that are somebody's.
"""

from collections.abc import Sequence
from typing import Any

from rooms.core.message_parts import MessagePart
from rooms.core.representations import PERSON_SCHEMA, person
from rooms.models import Mention, Message, User
from rooms.text import mentions

from .people import EVERYBODY, Meant

SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "who is mentioned by name, each once",
    "items": {
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "description": "as it stands behind the `@` in the body, and in `data-mention` in"
                " the HTML",
            },
            "user": {
                "anyOf": [PERSON_SCHEMA, {"type": "null"}],
                "description": "null: everybody of the room, by `@room`",
            },
        },
        "required": ["name", "user"],
    },
    "examples": [[]],
}


def of_messages(rows: Sequence[Message]) -> dict[int, list[dict[str, Any]]]:
    """By the message's key, those that mention anybody. One query, or none where none could."""
    keys = [row.pk for row in rows if row.html and mentions.names(row.html)]
    found: dict[int, list[dict[str, Any]]] = {}
    if not keys:
        return found
    named = Mention.objects.filter(message__in=keys).exclude(name="").select_related("user")
    for row in named:
        found.setdefault(row.message_id, []).append(_mention(row.name, row.user))
    return {pk: _in_order(each) for pk, each in found.items()}


def of_meant(meant: Meant) -> list[dict[str, Any]]:
    """The same, of what is just written."""
    first: dict[int, dict[str, Any]] = {}
    for name, user in meant.people.items():
        first.setdefault(user.pk, _mention(name, user))
    everybody = [] if meant.everybody is None else [_mention(EVERYBODY, None)]
    return _in_order([*first.values(), *everybody])


def _in_order(mentions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One that no database has a say in."""
    return sorted(mentions, key=lambda each: str(each["name"]))


def _mention(name: str, user: User | None) -> dict[str, Any]:
    return {"name": name, "user": person(user)}


PART = MessagePart("mentions", of_messages, SCHEMA, empty=[])
