"""What the parts of delivery need of the process that they run in. `rooms.live.node` is one; a test
may be another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from rooms.protocol import Close

    from .access_recheck import Access
    from .connection import Connection
    from .hub import Hub

P = ParamSpec("P")
T = TypeVar("T")


class Host(Protocol):
    loop: asyncio.AbstractEventLoop
    hub: Hub
    access: Access

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database code in a thread that has a connection of its own."""
        ...

    async def send_away(self, connections: list[Connection], why: Close) -> None:
        """End these connections, a batch at a time; they come back at different times."""
        ...
