"""An answer goes out as fast as its client takes it. Daphne queues whatever an application sends: a
file of 100 MB to somebody who reads slowly would stand in memory as a whole.

What Twisted calls a push producer: the transport pauses it when it holds enough. The application
waits meanwhile, in its `send`. Made by `http_request` for answers in several parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class AnswerFlow:
    """`on_wait` is called when the application has to wait, and `give_up` when the client has taken
    nothing for `seconds`."""

    def __init__(
        self, seconds: float, on_wait: Callable[[], None], give_up: Callable[[], None]
    ) -> None:
        self._seconds, self._on_wait, self._give_up = seconds, on_wait, give_up
        self._flows = asyncio.Event()
        self._flows.set()

    async def wait(self) -> None:
        """Until the transport takes more, or the connection has ended."""
        if self._flows.is_set():
            return
        self._on_wait()
        try:
            async with asyncio.timeout(self._seconds):
                await self._flows.wait()
        except TimeoutError:
            self._give_up()

    def pauseProducing(self) -> None:
        self._flows.clear()

    def resumeProducing(self) -> None:
        self._flows.set()

    def stopProducing(self) -> None:
        """The answer is over, or the connection: nobody is waited for any more."""
        self._flows.set()
