"""What the parts of delivery need of the process and of the hub that they belong to.

`rooms.live.node` is the process, `hub` the hub; a test may give others. A part that needs more of
the hub says so in a protocol beside its class: so no file of delivery has to know one above it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from rooms.core.event_bells import LayerMessage
from rooms.protocol import Close

P = ParamSpec("P")
T = TypeVar("T")
Hearer = Callable[[LayerMessage], None]


class Closable(Protocol):
    def close(self, why: Close) -> None:
        """Say why, then close."""
        ...


class AccessCheck(Protocol):
    def everybody(self) -> None:
        """Look soon whether all who are connected may still hear what they hear."""
        ...


class Process(Protocol):
    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def access(self) -> AccessCheck: ...

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database code in a thread that has a connection of its own; raises what it raises."""
        ...

    async def send_away(self, connections: Sequence[Closable], why: Close) -> None:
        """End these connections, a batch at a time; they come back at different times."""
        ...


class HubBase(Protocol):
    @property
    def node(self) -> Process: ...

    def spawn(self, work: Any) -> None:
        """Run a coroutine as a task that ends with the hub."""
        ...

    def hears(self, type: str, call: Hearer) -> None:
        """Have layer messages of `type` taken by `call`, on the loop."""
        ...
