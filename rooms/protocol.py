"""The socket protocol, version 1: commands, answers, events, codes. Pure: no I/O, no Django.

One definition, in types, is the source of validation and of the protocol's documents.

Errors are of two kinds that never mix: a `Refusal` is the answer to one command and leaves the
connection as it is; a `Close` ends the connection.

    Refusal                 answered as {"type": "error", …}; REST renders it as problem+json
    ├── Invalid             "invalid", "unknown_type", "too_long"
    ├── NotFound            also what the caller may not see
    ├── Forbidden           "forbidden", "archived"
    ├── NotSubscribed
    ├── Conflict            "invalid": somebody has taken it already
    └── Busy                temporary, with retry_after
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

PROTOCOL = 1

ErrorCode = Literal[
    "invalid",
    "unknown_type",
    "not_found",
    "forbidden",
    "not_subscribed",
    "too_long",
    "rate_limited",
    "busy",
    "archived",
    "internal",
]


class Refusal(Exception):
    """A command that was not carried out, and why, in words for the person who sent it."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        code: ErrorCode = "invalid",
        *,
        temporary: bool = False,
        retry_after: float | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code: ErrorCode = code
        self.temporary = temporary
        self.retry_after = retry_after
        self.errors = errors or []

    def answer(self) -> dict[str, Any]:
        """The `error` answer, without the command's id."""
        body: dict[str, Any] = {
            "type": "error",
            "code": self.code,
            "message": self.message,
            "temporary": self.temporary,
        }
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.errors:
            body["errors"] = self.errors
        return body


class Invalid(Refusal):
    status = 422


class NotFound(Refusal):
    status = 404

    def __init__(self, message: str = "There is no such thing, or you may not see it.") -> None:
        super().__init__(message, "not_found")


class Forbidden(Refusal):
    status = 403

    def __init__(self, message: str, code: ErrorCode = "forbidden") -> None:
        super().__init__(message, code)


class NotSubscribed(Refusal):
    status = 409

    def __init__(self, room: str) -> None:
        super().__init__(f"Subscribe to {room!r} first.", "not_subscribed")


class Conflict(Refusal):
    status = 409


class RateLimited(Refusal):
    status = 429

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message, "rate_limited", temporary=True, retry_after=retry_after)


class Busy(Refusal):
    status = 503

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message, "busy", temporary=True, retry_after=retry_after)


@dataclass(frozen=True)
class Close:
    """Why a connection ends. 4000–4499 come back, 4500–4999 do not."""

    code: int
    reason: str
    retry_in: float | None = None

    @property
    def reconnect(self) -> bool:
        return self.code < 4500

    def bye(self) -> dict[str, Any]:
        return {
            "type": "bye",
            "code": self.code,
            "reason": self.reason,
            "reconnect": self.reconnect,
            "retry_in": self.retry_in,
        }


BROKEN = Close(4000, "Something went wrong here; it is logged.", 1.0)
RESTARTING = Close(4001, "The server is restarting.", 1.0)
TOO_SLOW = Close(4008, "The connection took nothing for too long.", 1.0)
OVERLOADED = Close(4013, "The server is overloaded.", 5.0)
NOT_LOGGED_IN = Close(4501, "Log in first.")
ACCESS_WITHDRAWN = Close(4503, "Access was withdrawn.")
FLOODING = Close(4509, "Too many commands, too often.")
TOO_MANY_CONNECTIONS = Close(4510, "Too many connections.")


# Commands ---------------------------------------------------------------------------------------

Slug = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Command(BaseModel):
    """What a client asks for. `id` is the client's own and comes back in the answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: int | str | None = None
    type: str


class Subscribe(Command):
    """Hear a room's events: those after `after` first, then live. Without `after`, live only."""

    room: Slug
    after: Seq | None = None


class Unsubscribe(Command):
    room: Slug


class Send(Command):
    """Say something. The same `client_id` again gives the same answer and no second message."""

    room: Slug
    body: str
    client_id: Annotated[UUID, Field(strict=False)]
    reply_to: Id | None = None


class Typing(Command):
    room: Slug


class Read(Command):
    """Everything up to `seq` has been read."""

    room: Slug
    seq: Seq


class Ping(Command):
    pass


# Encoding ---------------------------------------------------------------------------------------


def encode(value: Any) -> bytes:
    """One JSON object as it stands in a frame."""
    return orjson.dumps(value)


def frame(objects: list[bytes]) -> bytes:
    """A frame is a JSON array of encoded objects."""
    return b"[" + b",".join(objects) + b"]"


def encode_event(room: str, seq: int, at: str, type: str, payload: bytes) -> bytes:
    """A durable event as every subscriber receives it. The encoded payload goes in as it stands."""
    head = encode({"type": type, "room": room, "seq": seq, "at": at})
    return head if payload == b"{}" else head[:-1] + b"," + payload[1:]


def problems(error: ValidationError) -> list[dict[str, Any]]:
    """Pydantic's findings as {"pointer": "/params/days", "message": …}. The input is not echoed."""
    return [
        {
            "pointer": "".join(f"/{_pointer(part)}" for part in problem["loc"]),
            "message": problem["msg"],
        }
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _pointer(part: int | str) -> str:
    return re.sub("~", "~0", str(part)).replace("/", "~1")


def invalid(error: ValidationError) -> Invalid:
    """The refusal that names each field that is wrong."""
    found = problems(error)
    text = "; ".join(
        f"{item['pointer'].lstrip('/') or 'body'}: {item['message']}" for item in found
    )
    return Invalid(text, errors=found)
