"""The ASGI applications of the live side: sockets by their path, and the life of the process under
servers that are not ours. Assembled in `config.asgi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from rooms.limits import limits
from rooms.live.commands.asgi_sink import AsgiReceive, AsgiSend
from rooms.live.commands.consumer import SocketConsumer

from .node import Node


async def nowhere(scope: Mapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
    """There is no socket at this path: the handshake is refused."""
    if (await receive())["type"] == "websocket.connect":
        await send({"type": "websocket.close"})


async def lifespan(scope: Mapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
    """Servers that tell of their end, and wait for what we do about it: everybody who is still
    here is sent away with a time to come back at. Our own server drains by itself."""
    while True:
        kind = (await receive())["type"]
        if kind == "lifespan.shutdown":
            break
        await send({"type": f"{kind}.complete"})
    node = Node.running_here()
    if node is not None:
        await node.drain(asyncio.get_running_loop().time() + limits().drain_seconds)
        await node.stop()
    await send({"type": "lifespan.shutdown.complete"})


# With or without a slash at its end: it is typed by hand into clients' settings.
sockets = URLRouter(
    [
        re_path(r"^ws/?$", SocketConsumer.as_asgi()),
        re_path(r"", nowhere),  # type: ignore[arg-type]
    ]
)
