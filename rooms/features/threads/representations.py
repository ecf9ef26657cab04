"""The JSON of threads: what a message says of the thread that it began or is in."""

from collections.abc import Sequence
from typing import Any

from rooms.core.message_parts import MessagePart
from rooms.core.representations import timestamp
from rooms.models import Message, Thread, ThreadReply


def _begun(rows: Sequence[Message]) -> dict[int, dict[str, Any]]:
    threads = Thread.objects.filter(pk__in=[row.pk for row in rows])
    return {
        row.pk: {"count": row.replies, "seq": row.last_seq, "at": timestamp(row.last_at)}
        for row in threads
    }


def _joined(rows: Sequence[Message]) -> dict[int, dict[str, Any]]:
    replies = [row.pk for row in rows if row.reply_to_id is not None]
    if not replies:
        return {}
    found = ThreadReply.objects.filter(pk__in=replies)
    return {
        pk: {"id": root, "seq": seq}
        for pk, root, seq in found.values_list("pk", "thread_id", "thread__root__seq")
    }


REPLIES = MessagePart(
    field="replies",
    values=_begun,
    schema={
        "type": "object",
        "description": "what answers it, and what answers that; left out where nothing ever did",
        "properties": {
            "count": {"type": "integer", "description": "those that are not deleted"},
            "seq": {"type": "integer", "description": "of the event that changed this last"},
            "at": {"type": "string", "format": "date-time", "description": "of the last one"},
        },
        "required": ["count", "seq", "at"],
    },
    left_out=True,
    stays=True,
)
THREAD = MessagePart(
    field="thread",
    values=_joined,
    schema={
        "type": "object",
        "description": "the message that began the thread it is in; left out where it answers none",
        "properties": {"id": {"type": "integer"}, "seq": {"type": "integer"}},
        "required": ["id", "seq"],
    },
    left_out=True,
    stays=True,
)
