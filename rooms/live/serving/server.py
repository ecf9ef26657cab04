"""Daphne, taught what it lacks for rooms: our sockets (`websocket`), many connections without all
of them being gone through at once, a close that says why, and an end that drains.

Run as `python -m rooms.live` (see `__main__`), which `manage.py serve` does.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from autobahn.twisted import websocket as twisted_websocket
from autobahn.websocket import protocol as websocket_protocol
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor

from rooms import health
from rooms.http.turn import REQUEST_TURN, RequestTurn
from rooms.limits import limits
from rooms.live.commands.consumer import SOCKET
from rooms.live.node import Node

from .capacity import Capacity
from .door import Door
from .gc_tuning import GcTuning
from .http_factory import LiveFactory
from .http_request import LiveRequest
from .supervisor import ALIVE, READY, SIGN_SECONDS
from .websocket import LiveProtocol

logger = logging.getLogger(__name__)

# A socket that does not answer a close within this is cut.
CLOSE_TIMEOUT_SECONDS = 3
# Ended connections are forgotten this often; all others are checked within twice the time.
CHECK_SECONDS = 1.0
CONNECTIONS_PER_LOOP_TURN = 50
# Connections that are accepted before others are heard again.
ACCEPTS_PER_LOOP_TURN = 4
# What is left to do after the draining: write the last posts, leave Redis, end the threads.
SHUTDOWN_SECONDS = 3
# A connection that says nothing for so long has not come with a request.
NEWCOMER_SECONDS = 1.0


def not_laid_out(value: object) -> str:
    return ""


class LiveServer(Server):
    """Daphne's server with our protocol, our bounds, our listening socket and our ending."""

    def __init__(
        self,
        application: Any,
        listening: socket.socket,
        parent: socket.socket | None = None,
        *,
        start: Callable[[], None],
        capacity: Capacity,
        **options: Any,
    ) -> None:
        super().__init__(
            application,
            signal_handlers=False,
            ready_callable=self._ready,
            endpoints=["ours"],
            **options,
        )
        # Daphne wants one, and would bind it: ours is bound already.
        self.endpoints: list[str] = []
        self._listening = listening
        self._parent = parent
        self._sign = ALIVE
        self._next_sign: asyncio.TimerHandle | None = None
        self._start = start
        self._node: Node | None = None
        self._port: Any = None
        self._stopping = False
        self.failed = False
        self.door = Door(capacity, self._accept_no_more, self._accept_again)
        # Connections of HTTP requests that are still to be answered while we end.
        self._answering: set[Any] = set()
        # Connections that have ended, or whose application has.
        self._ended: set[Any] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self) -> None:
        WebSocketFactory.protocol = LiveProtocol
        # For a log that nobody hears it lays out thirty settings of every new connection, and sets
        # names in colour, which together are a seventh of what a connection costs.
        websocket_protocol.pformat = not_laid_out  # type: ignore[assignment]
        for module in (websocket_protocol, twisted_websocket):
            module.hltype = module.hlval = not_laid_out  # type: ignore[attr-defined]
        super().run()

    def _ready(self) -> None:
        # What Daphne set on the factory a moment ago is ours to set again: frames above the limit
        # are thrown away as they come, and text is checked when it is parsed.
        self.ws_factory.setProtocolOptions(
            maxMessagePayloadSize=0,
            maxFramePayloadSize=0,
            utf8validateIncoming=False,
            allowNullOrigin=False,
            closeHandshakeTimeout=CLOSE_TIMEOUT_SECONDS,
        )
        self.http_factory = LiveFactory(self)
        loop = asyncio.get_event_loop()
        signals = [signal.SIGTERM] if self._parent else [signal.SIGTERM, signal.SIGINT]
        if self._parent is not None:
            self._parent.setblocking(False)
            loop.add_reader(self._parent.fileno(), self._on_parent_gone)
            self._give_sign()
        elif signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signals.append(signal.SIGHUP)
        for each in signals:
            loop.add_signal_handler(each, self._on_signal)
        health.register("live", lambda: "draining" if self._stopping else None)
        loop.call_soon(lambda: self._spawn(self._begin()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_event_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin(self) -> None:
        try:
            await self._open()
        except Exception:
            logger.exception("The server could not start")
            self.failed = True
            self.stop()

    async def _open(self) -> None:
        self._node = await Node.current()
        self._node.connection_limits.most = self.door.capacity.sockets
        self._port = reactor.adoptStreamPort(
            self._listening.fileno(), self._listening.family, self.http_factory
        )
        self._accept_few_at_once()
        # Twisted has a duplicate. Were this one left open, connections would go on coming in.
        self._listening.close()
        self._gc_tuning = GcTuning(self._node.connection_limits)
        self._node.hub.spawn(self._gc_tuning.run())
        self._start()
        if self._parent is not None:
            while not await health.is_ready():
                await asyncio.sleep(0.5)
            self._sign = READY
            self._give_sign()

    def _give_sign(self) -> None:
        """That this loop turns, by itself each second; the parent ends a process that stays silent.
        A parent that does not listen just now misses nothing by missing one."""
        assert self._parent is not None
        with suppress(OSError):
            self._parent.send(self._sign)
        if self._next_sign is not None:
            self._next_sign.cancel()
        loop = asyncio.get_event_loop()
        self._next_sign = loop.call_later(SIGN_SECONDS, self._give_sign)

    def _accept_few_at_once(self) -> None:
        """Twisted takes more and more each time while they keep coming, and meanwhile nobody is
        heard."""
        port = self._port
        accept = port.doRead

        def accept_few() -> None:
            port.numberAccepts = ACCEPTS_PER_LOOP_TURN
            accept()

        port.doRead = accept_few

    def _accept_no_more(self) -> None:
        self._port.stopReading()

    def _accept_again(self) -> None:
        if not self._stopping:
            self._port.startReading()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """The application sends no more than the client takes."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, LiveRequest):
            await protocol.flow_on()

    # Ending --------------------------------------------------------------------------------------

    def _on_signal(self) -> None:
        if self._stopping:
            logger.warning("Told twice to stop: leaving at once.")
            self.stop()
        else:
            self._end_soon()

    def _on_parent_gone(self) -> None:
        """The parent never says anything: what can be read is its end."""
        assert self._parent is not None
        asyncio.get_running_loop().remove_reader(self._parent.fileno())
        if not self._stopping:
            logger.warning("The parent is gone: ending.")
            self._end_soon()

    def _end_soon(self) -> None:
        self._stopping = True
        self._spawn(self._end())

    async def _end(self) -> None:
        """Stop listening, say good-bye, write and answer what was accepted, leave."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limits().drain_seconds
        try:
            if self._port is not None:
                await self._port.stopListening().asFuture(loop)
            for protocol, details in self.connections.items():
                if isinstance(protocol, WebRequest) and "disconnected" not in details:
                    self._answer_and_close(protocol)
            await self._newcomers_heard()
            if self._node is not None:
                await self._node.drain(until)
            await self._everybody_gone(until)
            if self._node is not None:
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await self._node.stop()
        except Exception:
            logger.exception("The server could not end in order")
        finally:
            logger.info("Ended.")
            self.stop()

    async def _newcomers_heard(self) -> None:
        """Who was let in a moment ago has a request on its way, and has nobody else to ask."""
        while any(
            silent is not None and silent < NEWCOMER_SECONDS
            for silent in [channel.silent_seconds for channel in self.door.guests.waiting()]
        ):
            await asyncio.sleep(0.02)

    def _answer_and_close(self, request: WebRequest) -> None:
        """This request is answered still; the next one must look for another process."""
        if request.channel is not None:
            request.channel.persistent = False
            request.responseHeaders.setRawHeaders(b"connection", [b"close"])
            self._answering.add(request.channel.transport)

    async def _everybody_gone(self, until: float) -> None:
        """Wait for requests to be answered and for sockets to close; who is left then is cut."""
        loop = asyncio.get_running_loop()
        while left := [each for each in self._open_transports() if each.connected]:
            if loop.time() >= until:
                logger.warning("%d connections did not end by themselves", len(left))
                for transport in left:
                    transport.abortConnection()
                return
            await asyncio.sleep(0.05)

    def _open_transports(self) -> list[Any]:
        sockets = [
            protocol.transport
            for protocol in self.connections
            if isinstance(protocol, LiveProtocol) and protocol.transport is not None
        ]
        return [*self._answering, *sockets]

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Hand the consumer the socket itself, and a request the turn that it has."""
        if isinstance(protocol, LiveProtocol):
            scope["extensions"] = {SOCKET: protocol}
            self._gc_tuning.arrived()
        else:
            turn = RequestTurn(protocol.end_turn, lambda: self._stopping)
            scope["extensions"] = {REQUEST_TURN: turn}
            if self._stopping:
                self._answer_and_close(protocol)
        queue = super().create_application(protocol, scope)
        if queue is not None:
            application = self.connections[protocol]["application_instance"]
            application.add_done_callback(lambda _: self._ended.add(protocol))
        return queue

    # Looking after connections -------------------------------------------------------------------
    #
    # Daphne goes through all of them every second, in one go: with thousands, everybody waits.

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        self._ended.add(protocol)

    def application_checker(self) -> None:
        for protocol in list(self._ended):
            details = self.connections.get(protocol)
            if details is None or self._is_over(protocol, details):
                self._ended.discard(protocol)
        asyncio.get_event_loop().call_later(CHECK_SECONDS, self.application_checker)

    def _is_over(self, protocol: Any, details: dict[str, Any]) -> bool:
        """Forget what has ended of it; whether there is nothing more to be done by now."""
        application = details.get("application_instance")
        disconnected = details.get("disconnected")
        if application is not None and application.done():
            del details["application_instance"]
            error = None if application.cancelled() else application.exception()
            if error is not None:
                logger.error("Exception inside application: %s", error, exc_info=error)
                if disconnected is None:
                    self._say_that_it_failed(protocol, error)
        elif application is not None:
            if disconnected and time.time() - disconnected > self.application_close_timeout:
                logger.warning("%r took too long to shut down and was killed.", application)
                application.cancel()
            return False
        if details.get("disconnected"):
            del self.connections[protocol]
        return True

    def _say_that_it_failed(self, protocol: Any, error: BaseException) -> None:
        try:
            protocol.handle_exception(error)
        except ValueError:
            # Half of an answer is out. Being cut tells that it is not whole.
            if protocol.channel is not None:
                protocol.channel.forceAbortClient()

    def timeout_checker(self) -> None:
        self._spawn(self._check_timeouts())

    def _check_timeouts_of(self, protocol: Any) -> None:
        try:
            protocol.check_timeouts()
        except Exception:
            # All others wait for their turn.
            logger.exception("The time-outs of %r could not be checked", protocol)

    async def _check_timeouts(self) -> None:
        """Pings and time-outs of all, spread over two seconds."""
        while True:
            everybody = list(self.connections)
            for start in range(0, len(everybody), CONNECTIONS_PER_LOOP_TURN):
                some = everybody[start : start + CONNECTIONS_PER_LOOP_TURN]
                for protocol in some:
                    if protocol in self.connections:
                        self._check_timeouts_of(protocol)
                await asyncio.sleep(2 * CHECK_SECONDS * len(some) / len(everybody))
            if not everybody:
                await asyncio.sleep(2 * CHECK_SECONDS)
