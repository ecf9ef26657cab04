"""The JSON of a message's reactions, the same for every reader, in messages, events and REST.

Who is listed is bounded, because a room's events go to everybody in it; who is not listed asks for
their own (`own`), and REST has all of them by pages.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from rooms.core.message_parts import MessagePart
from rooms.core.representations import PERSON_SCHEMA, person
from rooms.models import Message, Reaction, User

# Of an emoji, those who chose it first.
LISTED_PEOPLE = 20

SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "each emoji, in the order in which they came",
    "items": {
        "type": "object",
        "properties": {
            "emoji": {"type": "string"},
            "count": {"type": "integer", "description": "how many people"},
            "users": {
                "type": "array",
                "description": f"the first {LISTED_PEOPLE} of them",
                "items": PERSON_SCHEMA,
            },
        },
        "required": ["emoji", "count", "users"],
    },
    "examples": [[]],
}


def of_messages(rows: Sequence[Message]) -> dict[int, list[dict[str, Any]]]:
    """By the message's key, those that have any. One query."""
    return _grouped([row.pk for row in rows])


def of_message(pk: int) -> list[dict[str, Any]]:
    return _grouped([pk]).get(pk, [])


def of_emoji(pk: int, emoji: str) -> dict[str, Any]:
    """One emoji of a message: of nobody, `count` is 0."""
    found = _grouped([pk], emoji=emoji).get(pk)
    return found[0] if found else {"emoji": emoji, "count": 0, "users": []}


def own(user: User, message_ids: Collection[int]) -> list[dict[str, Any]]:
    """What the person has chosen, of messages that the caller has found to be visible to them."""
    rows = Reaction.objects.filter(message_id__in=message_ids, user=user).order_by("place")
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row.emoji)
    return [{"message": pk, "emoji": emoji} for pk, emoji in found.items()]


def _grouped(message_ids: Collection[int], **only: str) -> dict[int, list[dict[str, Any]]]:
    of_one = [F("message_id"), F("emoji")]
    rows = (
        Reaction.objects.filter(message_id__in=message_ids, **only)
        .annotate(
            number=Window(RowNumber(), partition_by=of_one, order_by=F("id").asc()),
            people=Window(Count("*"), partition_by=of_one),
        )
        .filter(number__lte=LISTED_PEOPLE)
        .select_related("user")
        .order_by("message_id", "place", "id")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        reactions = found.setdefault(row.message_id, [])
        if not reactions or reactions[-1]["emoji"] != row.emoji:
            reactions.append({"emoji": row.emoji, "count": row.people, "users": []})
        reactions[-1]["users"].append(person(row.user))
    return found


PART = MessagePart("reactions", of_messages, SCHEMA, empty=[])
