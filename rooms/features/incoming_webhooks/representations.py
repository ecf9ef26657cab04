"""The JSON shape of an incoming webhook: never with its secret, which nobody has any more; and
which messages are of a program."""

from collections.abc import Mapping, Sequence
from typing import Any

from rooms.core.message_parts import MessagePart
from rooms.core.representations import person, timestamp
from rooms.models import IncomingWebhook, Message


def incoming_webhook(row: IncomingWebhook) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.bot.name,
        "by": person(row.by),
        "at": timestamp(row.at),
        "uses": row.uses,
        "used_at": timestamp(row.used_at) if row.used_at else None,
    }


def _of_programs(rows: Sequence[Message]) -> Mapping[int, bool]:
    """Of what people write nothing is the subject."""
    text = Message.Kind.TEXT
    return {row.pk: True for row in rows if row.kind == text and row.subject is not None}


BOT = MessagePart(
    field="bot",
    values=_of_programs,
    schema={
        "type": "boolean",
        "description": "whether a program said it, by an incoming webhook",
        "examples": [False],
    },
    empty=False,
)
