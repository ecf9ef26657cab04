"""The Channels consumer behind `/ws/`: handshake, then commands one after the other.

It speaks ASGI, so it runs on any server. On the project's own server the scope carries the socket
itself, and frames are written to it directly; elsewhere they go through ASGI's `send`, whose
waiting, or not, is then the server's affair.

Stock Channels gives every consumer a channel of its own and wakes each for every message; here the
hub hears for all connections of the process, so this consumer overrides that whole machinery.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from channels.consumer import AsyncConsumer

from rooms.core import credentials, read_state
from rooms.core.credentials import Caller
from rooms.database import trouble
from rooms.limits import limits
from rooms.live.delivery.connection import Connection, Sink
from rooms.live.delivery.origin import Origin, headers_of
from rooms.live.delivery.sendbuffer import Frame
from rooms.live.metrics import names as metrics
from rooms.live.node import Node
from rooms.protocol import (
    ACCESS_WITHDRAWN,
    BROKEN,
    FLOODING,
    NOT_LOGGED_IN,
    OVERLOADED,
    Close,
    encode,
)
from rooms.protocol.scopes import Scope

from .asgi_sink import AsgiReceive, AsgiSend, AsgiSink, SocketSink
from .dispatch import carry_out, room_for_more
from .origin_rule import origin_allowed

logger = logging.getLogger(__name__)

# Where the project's own server puts the socket into the scope.
SOCKET = "parley.socket"
NO_READING = Close(ACCESS_WITHDRAWN.code, "The token lacks the scope 'read'.")


class SocketConsumer(AsyncConsumer):
    async def __call__(
        self, scope: Mapping[str, Any], receive: AsgiReceive, send: AsgiSend
    ) -> None:
        self.scope = scope
        node = await Node.current()
        if (await receive())["type"] != "websocket.connect":
            return
        full = node.connection_limits.socket_opened()
        try:
            full = full or await unready(node)
            await self._receive_guest(node, full, receive, send)
        finally:
            node.connection_limits.socket_closed()

    async def _receive_guest(
        self, node: Node, full: Close | None, receive: AsgiReceive, send: AsgiSend
    ) -> None:
        """Find out who it is; serve them, or say why not."""
        headers = headers_of(self.scope)
        origin = Origin.of(self.scope, headers)
        generation = node.access.generation
        caller = None
        if full is None:
            try:
                caller = await node.in_thread(credentials.of_headers, headers, origin.client)
            except Exception as error:
                full = unserved(error)
        by_cookie = caller is not None and caller.session_key is not None
        if by_cookie and not origin_allowed(self.scope, headers):
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        direct = (self.scope.get("extensions") or {}).get(SOCKET)
        sink: SocketSink
        if direct is not None:
            sink = direct
        else:
            sink = asgi = AsgiSink(send)
            receive = partial(asgi.receive, receive)
        why = full or (node.good_bye() if node.draining else None)
        if caller is not None and Scope.READ not in caller.scopes:
            # A connection hears of rooms even when it asks for nothing.
            why = why or NO_READING
        if caller is not None and why is None:
            why = node.connection_limits.admit(caller.user.pk)
            if why is None:
                sink.let_in(caller.user.pk)
                try:
                    await self._serve(node, sink, caller, origin, receive, generation)
                finally:
                    node.connection_limits.release(caller.user.pk)
                return
        turn_away(sink, why or NOT_LOGGED_IN, node.hub.epoch.value)
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _serve(
        self,
        node: Node,
        sink: SocketSink,
        caller: Caller,
        origin: Origin,
        receive: AsgiReceive,
        generation: int,
    ) -> None:
        connection = Connection(node, sink, caller)
        connection.origin = origin
        connection.person_rate = node.connection_limits.rate_of(caller.user.pk, node.loop.time())
        sink.on_writable = connection.on_writable
        sink.on_lost = connection.lost
        sink.on_flood = lambda: connection.close(FLOODING)
        node.hub.connections.add(connection)
        if node.access.generation != generation:
            # Something was withdrawn since the caller was looked up, maybe from them.
            node.access.look(connection)
        try:
            connection.hello()
            try:
                rooms = await node.in_thread(read_state.of_user, caller.user)
            except Exception as error:
                connection.close(unserved(error))
                rooms = []
            if not connection.outdated:
                node.hub.unread_notices.tell(node.hub.unread_counts.add(connection, rooms))
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    break
                sink.on_received()
                if message["type"] == "websocket.receive" and not connection.closed:
                    if node.draining:
                        continue
                    node.commands += 1
                    try:
                        await carry_out(connection, message)
                    finally:
                        node.commands -= 1
                    await room_for_more(connection)
        finally:
            connection.gone()


async def unready(node: Node) -> Close | None:
    """Why nobody can be served yet: a process without a database waits for it."""
    if node.ready.is_set():
        return None
    try:
        async with asyncio.timeout(limits().answer_seconds):
            await node.ready.wait()
    except TimeoutError:
        return OVERLOADED
    return None


def unserved(error: Exception) -> Close:
    """Why a socket is not served whose person could not be looked up."""
    why = trouble.close(error)
    if why is None:
        logger.error("A connection could not be served", exc_info=error)
        return BROKEN
    return why


def turn_away(sink: Sink, why: Close, epoch: str) -> None:
    """Say why, then close: the only way a browser learns more than "1006"."""
    metrics.CLOSES.labels(why.code).inc()
    sink.write(Frame([encode(why.bye(epoch))]))
    sink.close(why.code, why.reason)
