"""Which socket commands there are. Other apps register theirs at start, in `ready()`.

A handler runs on the event loop; what touches the database goes through `connection.in_thread`.
It returns the answer without its id, or None for none, or raises a Refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rooms.protocol import Command

if TYPE_CHECKING:
    from .connection import Connection

Handler = Callable[["Connection", Any], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True)
class Registered:
    model: type[Command]
    handler: Handler


registry: dict[str, Registered] = {}


def register(type: str, model: type[Command], handler: Handler) -> None:
    """Let clients send commands of `type`, validated by `model`, carried out by `handler`."""
    if type in registry:
        raise ValueError(f"the command {type!r} is registered twice")
    registry[type] = Registered(model, handler)
