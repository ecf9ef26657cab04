"""Which socket commands there are. Other apps register theirs at start, in `ready()`, and what they
tell the room at `rooms.protocol.events`.

A handler runs on the event loop; what touches the database goes through `connection.in_thread`.
It returns the answer without its id, or None for none, or raises a Refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rooms.protocol import Command
from rooms.protocol.answers import Answer

if TYPE_CHECKING:
    from .connection import Connection

Handler = Callable[["Connection", Any], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True)
class Registered:
    model: type[Command]
    handler: Handler
    answer: type[Answer] | None


registry: dict[str, Registered] = {}


def register(
    name: str, model: type[Command], handler: Handler, answer: type[Answer] | None
) -> None:
    """Let clients send commands of type `name`, validated by `model`, carried out by `handler`.

    `answer` is what the documents say comes back when nothing is wrong; None: nothing does.
    """
    if name in registry:
        raise ValueError(f"the command {name!r} is registered twice")
    registry[name] = Registered(model, handler, answer)
