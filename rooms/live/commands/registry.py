"""Which socket commands there are. Other apps register theirs at start, in `ready()`, and what they
tell the room at `rooms.protocol.events`.

A handler runs on the event loop; what touches the database goes through `connection.in_thread`.
It returns the answer without its id, or None for none, or raises a Refusal; LATER says that it
gives and counts the answer itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rooms.protocol import Command
from rooms.protocol.answers import Answer

if TYPE_CHECKING:
    from rooms.live.delivery.connection import Connection

LATER: Final[dict[str, Any]] = {}
CommandHandler = Callable[["Connection", Any], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True)
class Registered:
    model: type[Command]
    handler: CommandHandler
    answer: type[Answer] | None


registry: dict[str, Registered] = {}


def register(
    name: str, model: type[Command], handler: CommandHandler, answer: type[Answer] | None
) -> None:
    """Let clients send commands of type `name`, validated by `model`, carried out by `handler`.

    `answer` is what the documents say comes back when nothing is wrong; None: nothing does.
    """
    if name in registry:
        raise ValueError(f"the command {name!r} is registered twice")
    registry[name] = Registered(model, handler, answer)


def count(connection: Connection, name: str, answer: dict[str, Any] | None) -> None:
    """A command has been answered, by an error or otherwise."""
    outcome = answer["code"] if answer is not None and answer["type"] == "error" else "ok"
    connection.node.hub.counters.answered(name, outcome)
