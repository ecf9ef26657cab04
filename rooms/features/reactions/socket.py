"""Reactions over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from . import actions
from .shapes import React, Unreact


async def react(connection: Connection, command: React) -> dict[str, Any]:
    given = (connection.user, command.room, command.message, command.emoji)
    return {"type": "ok", "seq": await connection.in_thread(actions.react, *given)}


async def unreact(connection: Connection, command: Unreact) -> dict[str, Any]:
    given = (connection.user, command.room, command.message, command.emoji)
    return {"type": "ok", "seq": await connection.in_thread(actions.unreact, *given)}
