"""What is deleted goes from what this process holds of a log in memory, as `core.log` has scrubbed
it in the database: the event that tells of a deletion says what those before it say from now on.

Pure. Used by `feed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from rooms.protocol import encode, encode_event

# As `encode_event` begins an event.
DELETED = b'{"type":"message.deleted",'
TELLING = (b'{"type":"message.created",', b'{"type":"message.edited",')


def scrubbed(events: Sequence[bytes], deleted: bytes) -> dict[int, bytes]:
    """What becomes of those of `events` that told the message of which `deleted` says that it is no
    more, by their indexes."""
    message: dict[str, Any] = orjson.loads(deleted)["message"]
    payload = encode({"message": message})
    # Quotes in a text are escaped: this stands nowhere else.
    named = b'"message":{"id":%d,' % message["id"]
    found = {}
    for index, event in enumerate(events):
        if event.startswith(TELLING) and named in event:
            told = orjson.loads(event)
            where = told["room"], told["seq"], told["at"], told["type"]
            found[index] = encode_event(*where, payload)
    return found
