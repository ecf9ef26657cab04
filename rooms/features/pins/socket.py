"""Pinning over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from . import actions
from .shapes import PinMessage, UnpinMessage


async def pin(connection: Connection, command: PinMessage) -> dict[str, Any]:
    given = (connection.user, command.room, command.message)
    return {"type": "ok", "seq": await connection.in_thread(actions.pin, *given)}


async def unpin(connection: Connection, command: UnpinMessage) -> dict[str, Any]:
    given = (connection.user, command.room, command.message)
    return {"type": "ok", "seq": await connection.in_thread(actions.unpin, *given)}
