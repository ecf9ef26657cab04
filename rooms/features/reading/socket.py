"""Read markers over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from .actions import mark_read
from .shapes import Read


async def read(connection: Connection, command: Read) -> dict[str, Any]:
    await connection.in_thread(mark_read, connection.user, command.room, command.seq, command.epoch)
    return {"type": "ok"}
