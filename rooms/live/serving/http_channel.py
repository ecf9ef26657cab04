"""One connection that speaks HTTP, with bounds on what Twisted leaves open: how long a header and a
body may take in all, how large they may be before anything is stored, and how long an answer may
wait to be taken. What is refused is answered first, and then closed. Made by `server`.

Facts relied on, of Twisted 24–26: `allHeadersReceived` comes before the body's file is made;
`setTimeout` is what `dataReceived` would restart with each byte; whatever is raised out of a
decoder's callback comes out of `rawDataReceived`.
"""

from __future__ import annotations

import asyncio
import time
from enum import Enum
from typing import Any, cast
from urllib.parse import unquote

from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.web import http

from rooms.http.body_bounds import bound_of
from rooms.limits import limits
from rooms.live.metrics import names as metrics

from .refusals import RefusedRequest, answer

# Who was refused is read from for this long, so that they can read why: a connection that is closed
# with bytes unread is reset, and what was written may be lost with it.
LINGER_SECONDS = 3.0
LINGER_BYTES = 1024 * 1024


class Phase(Enum):
    HEADER = "header"
    BODY = "body"
    ANSWERED = "answered"
    IDLE = "idle"
    ENDING = "ending"


class BoundedChannel(http.HTTPChannel):
    """Counted by its server's `door`; the times of its phases are in `rooms.limits`."""

    # Browsers and proxies send some thirty.
    maxHeaders = 100
    transport: Any
    _networkProducer: Any
    # Of Twisted's own: whether the request's line is still to come.
    _HTTPChannel__first_line: int
    _phase = Phase.HEADER
    _silent = True
    _since = 0.0
    _body_bytes = 0
    _body_bound = 0
    _lingering = 0
    _unsent = 0
    _timer: asyncio.TimerHandle | None = None

    def connectionMade(self) -> None:
        self.totalHeadersSize = self.MAX_LENGTH = limits().header_bytes
        self.door = self.factory.server.door
        # Twisted's own time for a request; ours is set below.
        self.timeOut = None
        super().connectionMade()
        self._enter(Phase.HEADER, limits().header_seconds)
        self.door.arrive(self)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self.gone()
        super().connectionLost(reason)

    def gone(self) -> None:
        """The connection is closed; called by its socket, if it has become one."""
        self.let_go_of_body()
        self.door.left(self)

    @property
    def silent_seconds(self) -> float | None:
        """How long it is here without having said anything; None: it has."""
        return time.monotonic() - self._since if self._silent else None

    def make_way(self) -> None:
        """It is given up for somebody else."""
        self._phase = Phase.ENDING
        self.transport.abortConnection()

    def _enter(self, phase: Phase, seconds: float) -> None:
        self._phase = phase
        self._since = time.monotonic()
        self.setTimeout(seconds)

    # Coming in -----------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Without the time beginning again with each byte."""
        if self._phase is Phase.ENDING:
            self._throw_away(len(data))
            return
        self._silent = False
        if self._phase is Phase.IDLE:
            if not self.persistent:
                return
            self._enter(Phase.HEADER, limits().header_seconds)
        LineReceiver.dataReceived(self, data)

    def lineReceived(self, line: bytes) -> None:
        if self._phase is Phase.ENDING:
            return
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.lineLengthExceeded(line)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        if self._phase is Phase.ENDING:
            return
        if self._HTTPChannel__first_line:
            self.refuse(RefusedRequest(414, "line_too_long"))
        else:
            self.refuse(RefusedRequest(431, "header_too_long"))

    def headerReceived(self, line: bytes) -> bool:
        if self._receivedHeaderCount >= self.maxHeaders:
            self.refuse(RefusedRequest(431, "header_too_long"))
        if self._phase is Phase.ENDING:
            return False
        return bool(super().headerReceived(line))

    def allHeadersReceived(self) -> None:
        """Before a byte of the body is stored, and before anybody is told to send it."""
        if self._phase is Phase.ENDING:
            return
        self._body_bytes = 0
        self._body_bound = bound_of(self.path)
        try:
            self.requests[-1].look_at_header()
            if (self.length or 0) > self._body_bound:
                raise RefusedRequest(413, "body_too_large")
        except RefusedRequest as refused:
            self.refuse(refused)
            return
        super().allHeadersReceived()
        if self.length != 0:
            self._enter(Phase.BODY, limits().body_seconds)

    def rawDataReceived(self, data: bytes) -> None:
        if self._phase is Phase.ENDING:
            self._throw_away(len(data))
            return
        try:
            super().rawDataReceived(data)
        except RefusedRequest as refused:
            self.refuse(refused)

    def take_body(self, size: int) -> None:
        """Count `size` more bytes of stored bodies. Raises RefusedRequest."""
        if self._body_bytes + size > self._body_bound:
            raise RefusedRequest(413, "body_too_large")
        if self.door.bodies + size > limits().bodies_bytes:
            raise RefusedRequest(503, "bodies_full")
        self._body_bytes += size
        self.door.bodies += size

    def let_go_of_body(self) -> None:
        self.door.bodies -= self._body_bytes
        self._body_bytes = 0

    def take_rest(self) -> bytes:
        """What came behind the request: not for this channel any more, if it was an upgrade."""
        rest = b"".join([*self._dataBuffer, self.clearLineBuffer()])
        self._dataBuffer = []
        return rest

    def allContentReceived(self) -> None:
        if self._phase is Phase.ENDING:
            return
        self._phase = Phase.ANSWERED
        self.door.guests.answered(self)
        super().allContentReceived()

    @property
    def path(self) -> str:
        """Of the request that is coming in, as the application is going to see it."""
        target: bytes = getattr(self, "_path", b"")
        return unquote(target.partition(b"?")[0].decode("latin1"))

    @property
    def body_bound(self) -> int:
        return self._body_bound

    # Going out -----------------------------------------------------------------------------------

    def requestDone(self, request: Any) -> None:
        self.let_go_of_body()
        self.door.guests.wait(self)
        self._unsent = self.unsent()
        if self.persistent:
            self._phase = Phase.IDLE
            # Twisted sets it, and then looks at what has come meanwhile.
            self._savedTimeOut = limits().idle_seconds
            super().requestDone(request)
        else:
            super().requestDone(request)
            self._enter(Phase.IDLE, limits().idle_seconds)

    def unsent(self) -> int:
        """Bytes of answers that the client has not taken."""
        transport = self.transport
        waiting = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return int(waiting + getattr(transport, "_tempDataLen", 0))

    def refuse(self, refused: RefusedRequest) -> None:
        """Say why, and read no more than it takes to have that heard."""
        if self._phase is Phase.ENDING:
            return
        metrics.HTTP_REFUSED.labels(refused.reason).inc()
        self.let_go_of_body()
        self.door.guests.wait(self)
        self.persistent = 0
        # What has come already is not taken apart line by line any more.
        self._throw_away(len(self.clearLineBuffer()))
        self._enter(Phase.ENDING, LINGER_SECONDS)
        self.transport.write(answer(refused, self.path))
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._networkProducer.resumeProducing()

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(RefusedRequest(400, "not_understood"))

    def _throw_away(self, size: int) -> None:
        self._lingering += size
        if self._lingering > LINGER_BYTES:
            self._networkProducer.pauseProducing()

    # Time ----------------------------------------------------------------------------------------

    def setTimeout(self, period: float | None) -> Any:
        """By the loop's own timers: Twisted looks through all that it has when one is to come
        sooner, which with a thousand connections takes longer than accepting one."""
        before: Any = self.timeOut
        self.timeOut = cast(Any, period)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if period is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(period, self._timed_out)
        return before

    def _timed_out(self) -> None:
        self._timer = None
        self.timeoutConnection()

    def timeoutConnection(self) -> None:
        if self._phase is Phase.HEADER and not self._silent:
            self.refuse(RefusedRequest(408, "slow_header"))
        elif self._phase is Phase.BODY:
            left = self._since + self._earned() - time.monotonic()
            if left > 0:
                self.setTimeout(left)
            else:
                self.refuse(RefusedRequest(408, "slow_body"))
        elif self._phase is Phase.IDLE and self._takes_its_answer():
            self.setTimeout(limits().idle_seconds)
        else:
            self._phase = Phase.ENDING
            self.transport.abortConnection()

    def _takes_its_answer(self) -> bool:
        """Slowly, but fast enough."""
        unsent, before = self.unsent(), self._unsent
        self._unsent = unsent
        pace = limits().idle_seconds * limits().body_bytes_per_second
        return 0 < unsent <= before - pace

    def _earned(self) -> float:
        """How long this body may take: more for each byte that has come."""
        return limits().body_seconds + self._body_bytes / limits().body_bytes_per_second
