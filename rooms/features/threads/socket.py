"""Following a thread over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from . import actions
from .shapes import FollowThread


async def follow(connection: Connection, command: FollowThread) -> dict[str, Any]:
    given = (connection.user, command.room, command.message, command.follow)
    await connection.in_thread(actions.follow, *given)
    return {"type": "ok"}
