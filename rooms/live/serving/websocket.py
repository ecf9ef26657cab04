"""A WebSocket of Daphne's, taught what it lacks: backpressure both ways, writes straight to the
socket, and frames of any size without their weight. Made by `server`.

Facts relied on, of Twisted 24–26 and Autobahn 24–26: a TCP transport with nothing in `dataBuffer`
and `_tempDataBuffer` may be passed by, straight to its socket; a streaming producer registered with
it is paused when it holds more than `bufferSize` and resumed when it holds nothing; the HTTP
channel is still its registered producer after the upgrade.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.protocol import connectionDone

from rooms.limits import limits
from rooms.live.commands.dispatch import TOO_LONG
from rooms.live.delivery.rate import Rate
from rooms.live.delivery.sendbuffer import Frame, Shares
from rooms.protocol import FLOODING, NOT_LOGGED_IN

logger = logging.getLogger(__name__)

# Left alone, the kernel takes megabytes for somebody who reads nothing, out of our sight and
# bounds. This limits the bytes it may hold unsent; what is on its way to a fast and distant reader
# does not count.
UNSENT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
UNSENT_BYTES = 32 * 1024
# A piece of a message that is this long is worth its trouble; shorter ones cost.
FRAGMENT_BYTES = 1024


def whole_text_frame(data: bytes, most: int) -> tuple[bytes, int] | None:
    """The payload of the frame at the start of `data`, and where that ends, if it is what nearly
    all frames are: masked text in one piece, not compressed, of at most `most` bytes, and here as a
    whole. Everything else is Autobahn's, which looks at each frame for all that it may be."""
    if len(data) < 6 or data[0] != 0x81:
        return None
    start, size = 6, data[1] ^ 0x80
    if size == 126:
        start, size = 8, int.from_bytes(data[2:4], "big")
        if size < 126:
            return None
    elif size > 125:
        return None
    end = start + size
    if size > most or len(data) < end:
        return None
    mask = (data[start - 4 : start] * (size // 4 + 1))[:size]
    unmasked = int.from_bytes(data[start:end], "big") ^ int.from_bytes(mask, "big")
    return unmasked.to_bytes(size, "big"), end


def nothing() -> None:
    """What is called when nobody wants to know."""


@dataclass(frozen=True)
class PongFrame:
    wire: bytes


class LiveProtocol(WebSocketProtocol):
    """A WebSocket connection that is also the `Sink` of its `Connection`."""

    writable = True
    direct = False
    too_long = False
    reading = True
    data: bytes
    message_data: list[bytes]
    send: Callable[[bytes], int]
    # Who has come by the door; set once the handshake is handed over.
    visitor: Any = None
    known = False
    # What is to be answered to the last ping, when the socket takes bytes again.
    pong: bytes | None = None
    # Came too much that is no message: what comes now is thrown away.
    flooded = False
    # How fast frames come that are no messages; made by the first of them.
    rate: Rate | None = None

    def __init__(self) -> None:
        super().__init__()
        self.on_writable: Callable[[], None] = nothing
        self.on_lost: Callable[[], None] = nothing
        self.on_flood: Callable[[], None] = self._end_flood
        self.passed = 0
        self.skipped = 0
        self.early = b""
        self.frame_bytes = limits().frame_bytes
        self.waiting_frames = limits().waiting_frames

    # Going out -----------------------------------------------------------------------------------

    def onOpen(self) -> None:
        # Daphne drops Twisted's log: an exception here would vanish together with the connection.
        try:
            super().onOpen()
            self.data += self.early
            self.early = b""
            self.transport.unregisterProducer()
            self.transport.registerProducer(self, True)
            self.transport.bufferSize = Shares.of(limits().send_buffer_bytes).held
            self.direct = hasattr(self.transport, "_tempDataBuffer")
            if self.direct:
                handle = self.transport.getHandle()
                self.send = handle.send
                if UNSENT is not None:
                    # There are sockets that are not TCP, and systems that know it by name alone.
                    with suppress(OSError):
                        handle.setsockopt(socket.IPPROTO_TCP, UNSENT, UNSENT_BYTES)
        except Exception:
            logger.exception("A connection could not be opened")
            raise

    def write(self, frame: Frame | PongFrame) -> None:
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
                # Lost, and maybe the reactor does not know it (see `reactor`).
                transport.abortConnection()
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
        if self.pong is not None:
            payload, self.pong = self.pong, None
            self.onPing(payload)
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
        if code == NOT_LOGGED_IN.code and not self.known and self.visitor is not None:
            self.visitor.was_wrong()
        if self.state == self.STATE_OPEN:
            self.sendClose(code=code, reason=reason)

    def let_in(self, user_id: int) -> None:
        """The client has proved who they are."""
        self.known = True
        if self.visitor is not None:
            self.visitor.let_in(user_id)

    def serverReject(self) -> None:
        """There is no socket here, or none for a page of that origin."""
        if self.visitor is not None:
            self.visitor.was_wrong()
        super().serverReject()

    def _closeConnection(self, abort: bool = False) -> None:
        """Who has closed, and takes nothing, must not stay for it."""
        super()._closeConnection(abort)
        if not abort and self.held():
            loop = asyncio.get_running_loop()
            loop.call_later(self.closeHandshakeTimeout, self.transport.abortConnection)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self.visitor is not None:
            self.visitor.gone()
        super().connectionLost(reason)
        # They all know each other, and Autobahn's futures have this as their result: without this
        # only the collector would free them, with the seventy objects that they hold.
        self.visitor = self.is_open = self.is_closed = None
        self.on_writable = self.on_lost = self.on_flood = nothing

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        super().onClose(wasClean, code, reason)
        self.on_lost()

    # Coming in -----------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Without the line for a log at debug level that nobody keeps."""
        if self.flooded:
            return
        if self.state == self.STATE_CONNECTING and hasattr(self, "application_deferred"):
            # It has asked, and does not wait for the answer.
            self.early += data
            if len(self.early) > self.frame_bytes:
                self.dropConnection(abort=True)
            return
        self._dataReceived(data)

    def processData(self) -> bool:
        """Frames behind a full queue stay bytes."""
        if self.state == self.STATE_OPEN:
            if not self.reading:
                return False
            if self.current_frame is None and not self.inside_message:
                found = whole_text_frame(self.data, self.frame_bytes)
                if found is not None:
                    payload, size = found
                    self.data = self.data[size:]
                    self.too_long = False
                    self.onMessage(payload, False)
                    return len(self.data) > 0
        more: bool = super().processData()
        return more

    def spend(self) -> None:
        """A frame that is no message costs as much as a command."""
        now = time.monotonic()
        if self.rate is None:
            bounds = limits()
            self.rate = Rate(
                bounds.commands_per_second, bounds.commands_burst, bounds.flood_commands, now
            )
        if self.rate.take(now) and self.rate.flooding and not self.flooded:
            self.flooded = True
            self.data = b""
            self.on_flood()

    def _end_flood(self) -> None:
        """Nobody is served here, or not yet."""
        if self.state == self.STATE_OPEN:
            self.sendClose(code=FLOODING.code, reason=FLOODING.reason)

    def onFrameBegin(self) -> None:
        frame = self.current_frame
        whole = frame.fin and frame.opcode in (1, 2)
        if not whole and frame.length < FRAGMENT_BYTES:
            self.spend()
        super().onFrameBegin()

    def onPing(self, payload: bytes) -> None:
        """Answered when the socket takes bytes; of several that wait, the last one."""
        if self.state != self.STATE_OPEN:
            return
        if self.writable:
            self.write(PongFrame(bytes((0x8A, len(payload))) + payload))
        else:
            self.pong = payload

    def onPong(self, payload: bytes) -> None:
        """Without a line for a log that nobody keeps."""

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
            return
        self.skipped += len(payload)
        while self.skipped >= self.frame_bytes and not self.flooded:
            self.skipped -= self.frame_bytes
            self.spend()

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
