"""Muting over the socket."""

from __future__ import annotations

from typing import Any

from rooms.core.lookup import find_room
from rooms.live.delivery.connection import Connection
from rooms.models import User

from . import actions
from .shapes import MuteMember, UnmuteMember


async def mute(connection: Connection, command: MuteMember) -> dict[str, Any]:
    return {"type": "ok", "seq": await connection.in_thread(_mute, connection.user, command)}


async def unmute(connection: Connection, command: UnmuteMember) -> dict[str, Any]:
    return {"type": "ok", "seq": await connection.in_thread(_unmute, connection.user, command)}


def _mute(by: User, command: MuteMember) -> int:
    room, _ = find_room(by, command.room)
    row = actions.mute(room.pk, command.user, by, command.minutes, command.reason)
    return row.room.last_seq


def _unmute(by: User, command: UnmuteMember) -> int:
    room, _ = find_room(by, command.room)
    return actions.unmute(room.pk, command.user, by).last_seq
