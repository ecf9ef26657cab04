"""The message that a job leaves in its room: its kind, and the field that names the job.

Registered when the app is ready.
"""

from typing import Any

from rooms.core import message_parts
from rooms.models import Message
from rooms.protocol import parts

MESSAGE_KIND = "job"


def _job_of(row: Message) -> str | None:
    return str(row.subject) if row.kind == MESSAGE_KIND and row.subject else None


SCHEMA: dict[str, Any] = {
    "title": "Job",
    "description": f"the job that a message of kind `{MESSAGE_KIND}` reports on",
    "anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}],
    "examples": [None],
}


def register() -> None:
    parts.register_kind(MESSAGE_KIND)
    message_parts.register(message_parts.MessagePart("job", _job_of, SCHEMA))
