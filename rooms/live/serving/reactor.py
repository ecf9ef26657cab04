"""The event loop under Daphne: uvloop where it installs, below Twisted's reactor for asyncio.

Installed by `__main__` before anything imports Twisted's reactor.

Fact relied on, of uvloop 0.23: when bytes and a reset of the connection come together, it has
the bytes read and then gives the socket up without a word. Twisted goes on believing that it is
listened to, and the connection would stay for ever. A write to it raises a RuntimeError,
and sooner or later something is written to every connection: a heartbeat, an answer, a good-bye.
"""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ConnectionLost
from twisted.internet.main import installReactor


class Reactor(AsyncioSelectorReactor):
    def addWriter(self, writer: Any) -> None:
        try:
            super().addWriter(writer)
        except RuntimeError:
            if self._asyncioEventloop.is_closed():
                raise
            # Not now: the writer is in the middle of something.
            self._asyncioEventloop.call_soon(self._lose, writer)

    def _lose(self, descriptor: Any) -> None:
        if not descriptor.disconnected:
            self._disconnectSelectable(descriptor, ConnectionLost(), False)


def install() -> None:
    installReactor(Reactor(new_loop()))


def new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
