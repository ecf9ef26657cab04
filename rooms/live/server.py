"""Daphne, taught what it lacks for rooms: backpressure both ways, writes straight to the socket,
frames of any size without their weight, a close that says why, and an end that drains.

Run as `python -m rooms.live` (see `__main__`), which `manage.py serve` does.

Facts relied on, of Twisted 24–26 and Autobahn 24–26: a TCP transport with nothing in `dataBuffer`
and `_tempDataBuffer` may be passed by, straight to its socket; a streaming producer registered with
it is paused when it holds more than `bufferSize` and resumed when it holds nothing; the HTTP
channel is still its registered producer after the upgrade.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

from autobahn.websocket import protocol as websocket_protocol
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor

from rooms import health
from rooms.limits import limits

from .consumer import SOCKET, TOO_LONG
from .node import Node
from .sendbuffer import Frame, Shares

logger = logging.getLogger(__name__)

# A socket that does not answer a close within this is cut.
CLOSE_SECONDS = 3
# What is left to do after the draining: write the last posts, leave Redis, end the threads.
STOP_SECONDS = 3


class LiveProtocol(WebSocketProtocol):
    """A WebSocket connection that is also the `Sink` of its `Connection`."""

    writable = True
    direct = False
    too_long = False
    reading = True
    message_data: list[bytes]
    send: Callable[[bytes], int]

    def __init__(self) -> None:
        super().__init__()
        self.on_writable: Callable[[], None] = lambda: None
        self.passed = 0
        self.frame_bytes = limits().frame_bytes
        self.waiting_frames = limits().waiting_frames

    # Going out -----------------------------------------------------------------------------------

    def onOpen(self) -> None:
        # Daphne drops Twisted's log: an exception here would vanish together with the connection.
        try:
            super().onOpen()
            self.transport.unregisterProducer()
            self.transport.registerProducer(self, True)
            self.transport.bufferSize = Shares.of(limits().send_buffer_bytes).held
            self.direct = hasattr(self.transport, "_tempDataBuffer")
            if self.direct:
                self.send = self.transport.getHandle().send
        except Exception:
            logger.exception("A connection could not be opened")
            raise

    def write(self, frame: Frame) -> None:
        if self.state != self.STATE_OPEN:
            return
        data = frame.wire
        transport = self.transport
        if self.direct and not transport.dataBuffer and not transport._tempDataBuffer:
            try:
                written = self.send(data)
            except BlockingIOError:
                written = 0
            except OSError:
                # The connection is lost, which reading will find out.
                return
            if written == len(data):
                return
            data = data[written:]
        self.passed += len(data)
        transport.write(data)

    def pauseProducing(self) -> None:
        self.writable = False

    def resumeProducing(self) -> None:
        self.writable = True
        self.on_writable()

    def stopProducing(self) -> None:
        self.writable = False

    def held(self) -> int:
        if not self.direct:
            return 0
        transport = self.transport
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    def taken(self) -> int:
        return self.passed - self.held()

    def close(self, code: int, reason: str) -> None:
        """Autobahn ends a socket that does not answer the close within its time-out."""
        if self.state == self.STATE_OPEN:
            self.sendClose(code=code, reason=reason)

    # Coming in -----------------------------------------------------------------------------------

    def processData(self) -> bool:
        """Frames behind a full queue stay bytes."""
        if not self.reading and self.state == self.STATE_OPEN:
            return False
        more: bool = super().processData()
        return more

    def onMessageBegin(self, isBinary: bool) -> None:
        self.too_long = False
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        if self.message_data_total_length > self.frame_bytes:
            # The rest is thrown away as it comes; the connection is told and stays.
            self.too_long = True
            self.message_data.clear()

    def onMessageFrameData(self, payload: bytes) -> None:
        if not self.too_long:
            super().onMessageFrameData(payload)

    def onMessageFrameEnd(self) -> None:
        if self.too_long:
            self.frame_data = None
        else:
            super().onMessageFrameEnd()

    def onMessageEnd(self) -> None:
        if self.failedByMe:
            return
        payload = b"".join(self.message_data)
        self.message_data = []
        self.onMessage(payload, self.message_is_binary)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self.muted:
            return
        self.last_ping = time.time()
        message: dict[str, Any] = {"type": "websocket.receive"}
        if self.too_long:
            message[TOO_LONG] = True
        elif isBinary:
            message["bytes"] = payload
        else:
            # Surrogates stand for what is not UTF-8, and the JSON parser refuses them.
            message["text"] = payload.decode("utf-8", "surrogateescape")
        self.application_queue.put_nowait(message)
        if self.reading and self.application_queue.qsize() >= self.waiting_frames:
            self.reading = False
            self.transport.pauseProducing()

    def on_received(self) -> None:
        """The application has taken a frame."""
        if not self.reading and self.application_queue.qsize() <= self.waiting_frames // 2:
            self.reading = True
            if self.state == self.STATE_OPEN:
                self.transport.resumeProducing()
                # Frames that came with the last read wait here, and no read will wake them.
                asyncio.get_running_loop().call_soon(self.consumeData)


def not_laid_out(settings: object) -> str:
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
        self._start = start
        self._node: Node | None = None
        self._port: Any = None
        self._stopping = False
        self.failed = False
        # Connections of HTTP requests that are still to be answered while we end.
        self._answering: set[Any] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self) -> None:
        WebSocketFactory.protocol = LiveProtocol
        # For a log that nobody hears it lays out thirty settings of every new connection, which is
        # a tenth of what a connection costs.
        websocket_protocol.pformat = not_laid_out  # type: ignore[assignment]
        super().run()

    def _ready(self) -> None:
        # What Daphne set on the factory a moment ago is ours to set again: frames above the limit
        # are thrown away as they come, and text is checked when it is parsed.
        self.ws_factory.setProtocolOptions(
            maxMessagePayloadSize=0,
            maxFramePayloadSize=0,
            utf8validateIncoming=False,
            allowNullOrigin=False,
            closeHandshakeTimeout=CLOSE_SECONDS,
        )
        loop = asyncio.get_event_loop()
        signals = [signal.SIGTERM] if self._parent else [signal.SIGTERM, signal.SIGINT]
        if self._parent is not None:
            self._parent.setblocking(False)
            loop.add_reader(self._parent.fileno(), self._on_parent_gone)
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
        self._port = reactor.adoptStreamPort(
            self._listening.fileno(), self._listening.family, self.http_factory
        )
        # Twisted has a duplicate. Were this one left open, connections would go on coming in.
        self._listening.close()
        self._start()
        if self._parent is not None:
            while not await self._node.in_thread(health.is_ready):
                await asyncio.sleep(0.5)
            self._parent.send(b"ready")

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
            if self._node is not None:
                await self._node.drain(until)
            await self._everybody_gone(until)
            if self._node is not None:
                async with asyncio.timeout(STOP_SECONDS):
                    await self._node.stop()
        except Exception:
            logger.exception("The server could not end in order")
        finally:
            logger.info("Ended.")
            self.stop()

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
        """Hand the consumer the socket itself."""
        if isinstance(protocol, LiveProtocol):
            scope["extensions"] = {SOCKET: protocol}
        elif self._stopping:
            self._answer_and_close(protocol)
        return super().create_application(protocol, scope)
