"""An event loop whose time passes only while everybody waits, and then at once."""

import asyncio
import selectors
from typing import Any


class Stuck(AssertionError):
    """Everybody waits, and nothing is to come."""


class Selector(selectors.SelectSelector):
    """Instead of waiting, moves the loop's clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck
        self.loop.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        selector = Selector()
        selector.loop = self
        self.now = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def turn(self, count: int = 1) -> None:
        """Let what is ready run, so many times over."""
        for _ in range(count):
            self.call_soon(self.stop)
            self.run_forever()

    def pass_time(self, seconds: float) -> None:
        self.run_until_complete(asyncio.sleep(seconds))
