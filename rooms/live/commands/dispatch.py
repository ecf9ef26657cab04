"""From a frame to its command, and from what the command returns to the answer. Used by
`consumer`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from math import ceil
from typing import Any

import orjson
from pydantic import ValidationError

from rooms.database import trouble
from rooms.limits import limits
from rooms.live.delivery.connection import Connection
from rooms.live.metrics import names as metrics
from rooms.protocol import FLOODING, Invalid, RateLimited, Refusal, invalid, scopes
from rooms.protocol.commands import whole

from . import registry as commands

logger = logging.getLogger(__name__)

# What the project's own server hands over instead of a frame above the limit, which it has thrown
# away.
TOO_LONG = "parley.too_long"


async def room_for_more(connection: Connection) -> None:
    """Take up no further command while the answers to the last ones do not fit."""
    while not connection.has_room:
        ready = asyncio.Event()
        connection.when_room(ready.set)
        await ready.wait()


async def carry_out(connection: Connection, message: Mapping[str, Any]) -> None:
    """One frame: its answer, or its error, goes into the connection's control lane."""
    identity: object = None
    name = "unknown"
    # Whatever it turns out to be, it costs.
    wait = connection.spend()
    try:
        body = parse(message)
        body["id"] = identity = own_id(body.get("id"))
        type = body.get("type")
        registered = commands.registry.get(type) if isinstance(type, str) else None
        if registered is not None:
            name = str(type)
        if wait:
            raise too_fast(connection, wait)
        if not isinstance(type, str):
            raise Invalid("type must name a command.")
        if registered is None:
            raise Invalid(f"There is no command {type[:40]!r}.", "unknown_type")
        try:
            command = registered.model.model_validate(body)
        except ValidationError as error:
            raise invalid(error) from None
        connection.caller.require(scopes.of_command(name))
        answer = await registered.handler(connection, command)
    except Refusal as refusal:
        answer = refusal.answer()
    except asyncio.CancelledError:
        raise
    except Exception as error:
        busy = trouble.busy(error)
        if busy is None:
            logger.exception("A command failed")
        failed = Refusal("Something went wrong here; it is logged.", "internal")
        answer = (busy or failed).answer()
    if answer is commands.LATER:
        return
    commands.count(connection, name, answer)
    if answer is not None:
        connection.answer({"id": identity, **answer})
    if wait and connection.rate.flooding:
        connection.close(FLOODING)


def own_id(value: object) -> int | str | None:
    """What the answer is given under. Raises Invalid."""
    value = whole(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise Invalid("id must be a whole number of 64 bits, or a string.")


def too_fast(connection: Connection, wait: float) -> RateLimited:
    metrics.REFUSED.inc()
    each = limits().commands_per_second
    # Rounded up: who comes at that moment is let through.
    return RateLimited(f"At most {each:g} commands a second.", ceil(wait * 1000) / 1000)


def parse(message: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of a text frame. Raises Invalid, in words for authors of clients."""
    most = limits().frame_bytes
    if message.get(TOO_LONG):
        raise Invalid(f"A frame has at most {most:,} bytes; this one was skipped.", "too_long")
    text = message.get("text")
    if text is None:
        raise Invalid("Send text frames, each with one JSON object.")
    if len(text) > most or (len(text) * 4 > most and len(text.encode()) > most):
        raise Invalid(f"A frame has at most {most:,} bytes; this one was skipped.", "too_long")
    try:
        body = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise Invalid(f"That is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Invalid("Send one JSON object a frame.")
    return body
