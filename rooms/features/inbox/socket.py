"""The inbox over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from . import actions
from .shapes import SaveMessage


async def save(connection: Connection, command: SaveMessage) -> dict[str, Any]:
    given = (connection.user, command.room, command.message)
    await connection.in_thread(actions.save, *given)
    return {"type": "ok"}
