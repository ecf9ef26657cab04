"""Editing and deleting over the socket."""

from __future__ import annotations

from typing import Any

from rooms.live.delivery.connection import Connection

from .actions import RENDERED_APART_CHARACTERS, Post
from .deletion import delete_message
from .editing import edit_message
from .shapes import Delete, Edit


async def edit(connection: Connection, command: Edit) -> dict[str, Any]:
    post = Post(connection.user, command.room, command.body)
    if len(post.body) > RENDERED_APART_CHARACTERS:
        await connection.render(post.checked)
    written = await connection.in_thread(edit_message, post, command.message)
    return {"type": "ok", "seq": written.seq}


async def delete(connection: Connection, command: Delete) -> dict[str, Any]:
    user = connection.user
    seq = await connection.in_thread(delete_message, user, command.room, command.message)
    return {"type": "ok", "seq": seq}
