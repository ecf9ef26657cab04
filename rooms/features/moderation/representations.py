"""The JSON of the moderation log."""

from typing import Any

from rooms.core.representations import person, timestamp
from rooms.models import ModerationEntry


def entry(row: ModerationEntry, reasons: bool) -> dict[str, Any]:
    """`reasons`: the reader looks after the room, and is told why."""
    return {
        "id": row.pk,
        "at": timestamp(row.at),
        "action": row.action,
        "actor": person(row.actor),
        "target": person(row.target),
        "name": row.name,
        "reason": row.reason if reasons else "",
        "details": row.details,
    }
