"""The files of a room, the last one first: those of messages. Called by REST."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from rooms.core.representations import attachment, person, timestamp
from rooms.models import Attachment, Room
from rooms.protocol import Invalid
from rooms.rest import paging


def page_of(room: Room, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Of one page, and the cursor of the next. Raises Invalid for a cursor that nobody gave."""
    rows = Attachment.objects.filter(room=room, message__isnull=False)
    key = paging.key_of(cursor, int, str)
    if key is not None:
        message, last = key[0], _uuid(str(key[1]))
        # The first says once more what the second does, for the index.
        rows = rows.filter(message__lte=message)
        rows = rows.filter(Q(message__lt=message) | Q(message=message, id__gt=last))
    rows = rows.select_related("message__author").order_by("-message", "id")
    found = list(rows[: limit + 1])
    after = None
    if len(found) > limit:
        found.pop()
        after = paging.cursor(found[-1].message_id or 0, found[-1].id.hex)
    return [_shown(row) for row in found], after


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("The cursor is not one that a `next` link gave.") from None


def _shown(row: Attachment) -> dict[str, Any]:
    message = row.message
    assert message is not None
    return {
        "file": attachment(row),
        "message": {"id": message.pk, "seq": message.seq},
        "author": person(message.author),
        "at": timestamp(message.created_at),
    }
