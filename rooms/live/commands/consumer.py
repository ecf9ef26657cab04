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
from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from typing import Any

import orjson
from channels.consumer import AsyncConsumer
from pydantic import ValidationError

from rooms.core import credentials, read_state
from rooms.core.credentials import Caller
from rooms.database import trouble
from rooms.http import request_address
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
    Invalid,
    RateLimited,
    Refusal,
    encode,
    invalid,
    scopes,
)
from rooms.protocol.scopes import Scope

from . import registry as commands
from .origin_rule import origin_allowed

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Where the project's own server puts the socket into the scope.
SOCKET = "parley.socket"
NO_READING = Close(ACCESS_WITHDRAWN.code, "The token lacks the scope 'read'.")
# What that server hands over instead of a frame above the limit, which it has thrown away.
TOO_LONG = "parley.too_long"


class AsgiSink:
    """A socket behind ASGI: one frame at a time, the next when `send` has returned."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held = 0
        self._taken = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: asyncio.Task[None] | None = None
        self.writable = True
        self.on_writable: Callable[[], None] = lambda: None
        self.on_lost: Callable[[], None] = lambda: None
        self.on_received = None

    def write(self, frame: Frame) -> None:
        self.writable = False
        self._held += len(frame.payload)
        self._start(self._deliver(frame))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._last = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, frame: Frame) -> None:
        try:
            await self._send({"type": "websocket.send", "text": frame.payload.decode()})
        except Exception as error:
            logger.debug("A frame was not taken: %r", error)
        self._held -= len(frame.payload)
        self._taken += len(frame.payload)
        self.writable = True
        self.on_writable()

    def let_in(self, user_id: int) -> None:
        """Who else is there is that server's affair."""

    def held(self) -> int:
        return self._held

    def taken(self) -> int:
        return self._taken

    def close(self, code: int, reason: str) -> None:
        self._start(self._finish(self._last, code, reason))

    async def _finish(self, before: asyncio.Task[None] | None, code: int, reason: str) -> None:
        if before is not None:
            await asyncio.wait([before], timeout=1)
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception as error:
            logger.debug("The socket was closed already: %r", error)


class SocketConsumer(AsyncConsumer):
    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
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
        self, node: Node, full: Close | None, receive: Receive, send: Send
    ) -> None:
        """Find out who it is; serve them, or say why not."""
        headers = headers_of(self.scope)
        generation = node.access.generation
        address = request_address.of_scope(self.scope)
        caller = None
        if full is None:
            try:
                caller = await node.in_thread(credentials.of_headers, headers, address)
            except Exception as error:
                full = unserved(error)
        if caller is not None and caller.session_key is not None and not origin_allowed(self.scope):
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        direct = (self.scope.get("extensions") or {}).get(SOCKET)
        sink: Any = direct if direct is not None else AsgiSink(send)
        why = full or (node.good_bye() if node.draining else None)
        if caller is not None and Scope.READ not in caller.scopes:
            # A connection hears of rooms even when it asks for nothing.
            why = why or NO_READING
        if caller is not None and why is None:
            why = node.connection_limits.admit(caller.user.pk)
            if why is None:
                sink.let_in(caller.user.pk)
                try:
                    await self._serve(node, sink, caller, receive, generation)
                finally:
                    node.connection_limits.release(caller.user.pk)
                return
        turn_away(sink, why or NOT_LOGGED_IN, node.hub.epoch.value)
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _serve(
        self, node: Node, sink: Any, caller: Caller, receive: Receive, generation: int
    ) -> None:
        connection = Connection(node, sink, caller)
        connection.origin = Origin.of(self.scope)
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
                if sink.on_received is not None:
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


async def room_for_more(connection: Connection) -> None:
    """Take up no further command while the answers to the last ones do not fit."""
    while not connection.has_room:
        ready = asyncio.Event()
        connection.when_room(ready.set)
        await ready.wait()


async def carry_out(connection: Connection, message: Mapping[str, Any]) -> None:
    """One frame: its answer, or its error, goes into the connection's control lane."""
    identity: object = None
    name = "unknown"
    # Whatever it turns out to be, it costs.
    wait = connection.spend(len(message.get("text") or message.get("bytes") or ""))
    try:
        body = parse(message)
        identity = body.get("id")
        if isinstance(identity, bool) or not isinstance(identity, int | str | None):
            identity = None
            raise Invalid("id must be a number or a string.")
        type = body.get("type")
        registered = commands.registry.get(type) if isinstance(type, str) else None
        if registered is not None:
            name = str(type)
        if wait:
            raise too_fast(connection, wait)
        if not isinstance(type, str):
            raise Invalid("type must name a command.")
        if registered is None:
            raise Invalid(f"There is no command {type[:40]!r}.", "unknown_type")
        try:
            command = registered.model.model_validate(body)
        except ValidationError as error:
            raise invalid(error) from None
        connection.caller.require(scopes.of_command(name))
        answer = await registered.handler(connection, command)
    except Refusal as refusal:
        answer = refusal.answer()
    except asyncio.CancelledError:
        raise
    except Exception as error:
        busy = trouble.busy(error)
        if busy is None:
            logger.exception("A command failed")
        failed = Refusal("Something went wrong here; it is logged.", "internal")
        answer = (busy or failed).answer()
    if answer is commands.LATER:
        return
    commands.count(name, answer)
    if answer is not None:
        connection.answer({"id": identity, **answer})
    if wait and connection.rate.flooding:
        connection.close(FLOODING)


def too_fast(connection: Connection, wait: float) -> RateLimited:
    metrics.REFUSED.inc()
    each = limits().commands_per_second
    # Rounded up: who comes at that moment is let through.
    return RateLimited(f"At most {each:g} commands a second.", ceil(wait * 1000) / 1000)


def parse(message: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of a text frame. Raises Invalid, in words for authors of clients."""
    most = limits().frame_bytes
    if message.get(TOO_LONG):
        raise Invalid(f"A frame has at most {most:,} bytes; this one was skipped.", "too_long")
    text = message.get("text")
    if text is None:
        raise Invalid("Send text frames, each with one JSON object.")
    if len(text) > most or (len(text) * 4 > most and len(text.encode()) > most):
        raise Invalid(f"A frame has at most {most:,} bytes; this one was skipped.", "too_long")
    try:
        body = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise Invalid(f"That is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Invalid("Send one JSON object a frame.")
    return body


async def unready(node: Node) -> Close | None:
    """Why nobody can be served yet: a process without a database waits for it."""
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
