"""The message that a job leaves in its room: its kind, and the field that names the job."""

from collections.abc import Sequence
from typing import Any

from rooms.core.message_parts import MessagePart
from rooms.models import Message

MESSAGE_KIND = "job"


def _jobs_of(rows: Sequence[Message]) -> dict[int, str]:
    return {row.pk: str(row.subject) for row in rows if row.kind == MESSAGE_KIND and row.subject}


SCHEMA: dict[str, Any] = {
    "title": "Job",
    "description": f"the job that a message of kind `{MESSAGE_KIND}` reports on",
    "anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}],
    "examples": [None],
}

PART = MessagePart("job", _jobs_of, SCHEMA)
