"""One HTTP request of Daphne's: its body in memory or in a file, its client known behind proxies,
and its header as the application should see it. Made by `http_channel`.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from math import ceil
from typing import Any

from daphne.http_protocol import WebRequest
from django.conf import settings

from rooms.http.client_address import client_address, network_of
from rooms.limits import limits

from .answer_flow import AnswerFlow
from .door import Visitor, peer_of
from .refusals import RefusedRequest
from .turnstile import Turn
from .websocket import LiveProtocol

RETRY_AFTER_SECONDS = 2
PROBES = ("/healthz", "/readyz")
# A body that may be larger goes through a file.
MEMORY_BYTES = 4 * 1024 * 1024


class LiveRequest(WebRequest):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Django takes forms apart; for Twisted to do it as well costs the body a second time.
        self._parsePOSTFormSubmission = False
        self._turn: Turn | None = None
        self._flow: AnswerFlow | None = None

    # Coming in -----------------------------------------------------------------------------------

    def look_at_header(self) -> None:
        """Called once the header is here, before the body. Raises Refused."""
        headers = self.requestHeaders
        # Daphne believes anybody who says where the application is mounted.
        headers.removeHeader(b"daphne-root-path")
        for name, between in ((b"cookie", b"; "), (b"x-forwarded-for", b", ")):
            lines = headers.getRawHeaders(name) or []
            if len(lines) > 1:
                headers.setRawHeaders(name, [between.join(lines)])
        if any(not line.isascii() for line in headers.getRawHeaders(b"sec-websocket-protocol", [])):
            raise RefusedRequest(400, "not_understood")
        if self.proves_something:
            door = self.channel.door
            proofs = self.said(b"authorization"), self.said(b"cookie")
            if wait := door.wait(self.network, *proofs):
                raise RefusedRequest(429, "wrong_credentials", ceil(wait))
            if headers.hasHeader(b"upgrade") and (wait := door.wait_to_come_back(*proofs)):
                raise RefusedRequest(429, "too_many_sockets", ceil(wait))

    @property
    def proves_something(self) -> bool:
        """Whether somebody has to look up who this is before anything else."""
        headers = self.requestHeaders
        return bool(headers.hasHeader(b"authorization") or headers.hasHeader(b"upgrade"))

    @property
    def is_probe(self) -> bool:
        """Answered without much ado, also when everything else waits."""
        return self.path.partition(b"?")[0].decode("latin1") in PROBES

    def said(self, name: bytes) -> str:
        return b"".join((self.requestHeaders.getRawHeaders(name) or [])[:1]).decode("latin1")

    @property
    def network(self) -> str:
        """The key under which this request's client is counted."""
        peer = peer_of(self.channel.transport)
        forwarded_for = self.said(b"x-forwarded-for")
        return network_of(client_address(peer, forwarded_for, settings.TRUSTED_PROXIES))

    def gotLength(self, length: int | None) -> None:
        if self.channel.body_bound <= MEMORY_BYTES:
            self.content = BytesIO()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        self.channel.take_body(len(data))
        super().handleContentChunk(data)

    def process(self) -> Any:
        channel, transport = self.channel, self.channel.transport
        if not self.requestHeaders.hasHeader(b"upgrade"):
            door = channel.door
            if self.is_probe:
                return super().process()
            who = door.client(self.network, self.said(b"authorization"), self.said(b"cookie"))
            self._turn = door.turnstile.ask(who, self._begin)
            if self._turn.began is None:
                loop = asyncio.get_running_loop()
                loop.call_later(limits().answer_seconds, self._turn_is_late, self._turn)
            return None
        visitor = Visitor(channel, self.network, self.said(b"authorization"), self.said(b"cookie"))
        done = super().process()
        protocol = getattr(transport, "protocol", None)
        if isinstance(protocol, LiveProtocol):
            channel.let_go_of_body()
            protocol.visitor = visitor
            if early := channel.take_rest():
                protocol.dataReceived(early)
        return done

    def _begin(self, turn: Turn) -> None:
        """Its turn has come. It lasts until the application is done, which is not before its thread
        is, also when the client is gone by then."""
        channel = self.channel
        if channel is None:
            return
        super().process()
        application = self.server.connections.get(self, {}).get("application_instance")
        if application is None:
            channel.door.turnstile.end(turn)
        else:
            application.add_done_callback(lambda _: channel.door.turnstile.end(turn))

    def _turn_is_late(self, turn: Turn) -> None:
        """Nobody waits longer than this for something to happen at all."""
        if turn.began is None and not turn.over and self.channel is not None:
            self.channel.door.turnstile.end(turn)
            self.channel.refuse(RefusedRequest(503, "turn_late", RETRY_AFTER_SECONDS))

    def connectionLost(self, reason: Any) -> None:
        turn, channel = self._turn, self.channel
        if self._flow is not None:
            self._flow.stopProducing()
        super().connectionLost(reason)
        if turn is not None and turn.began is None and channel is not None:
            channel.door.turnstile.end(turn)

    # Going out -----------------------------------------------------------------------------------

    def handle_reply(self, message: dict[str, Any]) -> None:
        channel = self.channel
        if (
            message.get("type") == "http.response.start"
            and message.get("status") == 401
            and channel is not None
            and self.requestHeaders.hasHeader(b"authorization")
        ):
            channel.door.was_wrong(self.network)
        if message.get("type") == "http.response.body" and channel is not None:
            more = message.get("more_body", False)
            if more and self._flow is None and not self.finished:
                self._flow = AnswerFlow(limits().idle_seconds, self.end_turn, channel.make_way)
                self.registerProducer(self._flow, True)
        super().handle_reply(message)

    async def flow_on(self) -> None:
        """Until the client has taken most of what was said so far."""
        if self._flow is not None:
            await self._flow.wait()

    def end_turn(self) -> None:
        """Who reads slowly, or waits for something, keeps no other request waiting: nothing is
        worked on for them."""
        if self._turn is not None and self.channel is not None:
            self.channel.door.turnstile.end(self._turn)

    def finish(self) -> None:
        if self._flow is not None:
            self._flow.stopProducing()
            self.unregisterProducer()
            self._flow = None
        super().finish()
