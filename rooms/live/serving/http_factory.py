"""Makes our HTTP channels for Daphne's server. Used by `server`."""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory

from .http_channel import BoundedChannel
from .http_request import LiveRequest


class LiveFactory(HTTPFactory):
    protocol = BoundedChannel

    def buildProtocol(self, addr: Any) -> BoundedChannel | None:
        if not self.server.door.admits(str(getattr(addr, "host", None) or "")):
            return None
        channel: BoundedChannel = super().buildProtocol(addr)
        channel.requestFactory = LiveRequest
        return channel

    def log(self, request: Any) -> None:
        """Not a line for a log at Twisted's that nobody keeps."""
