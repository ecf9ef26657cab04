"""Errors that answer one command and leave the connection as it is. REST renders them, too.

Refusal                 answered as {"type": "error", …}; REST renders it as problem+json
├── Invalid             "invalid", "unknown_type", "too_long"
├── NotFound            also what the caller may not see
├── Forbidden           "forbidden", "archived"
├── NotSubscribed
├── Conflict            "invalid": somebody has taken it already
├── RateLimited         temporary, with retry_after
├── SlowMode            temporary, with retry_after: the room's own pace
└── Busy                temporary, with retry_after
"""

import re
from typing import Any, ClassVar, Literal

from pydantic import ValidationError

ErrorCode = Literal[
    "invalid",
    "unknown_type",
    "not_found",
    "forbidden",
    "not_subscribed",
    "too_long",
    "rate_limited",
    "slow_mode",
    "busy",
    "archived",
    "internal",
]

# Listed in one answer.
MOST_PROBLEMS = 100

# What a client does about each.
ERRORS: dict[ErrorCode, str] = {
    "invalid": "Correct the command; `errors` points at the fields. The same again fails again.",
    "unknown_type": "This server has no such command: it is older, or lacks an app.",
    "not_found": "There is no such room or thing, or the caller may not see it. Forget it.",
    "forbidden": "The caller sees it, but may not do this. Say so.",
    "not_subscribed": "Subscribe first, then send the command again.",
    "too_long": "Shorten it. `hello` says the limits.",
    "rate_limited": "Wait `retry_after` seconds, then send it again.",
    "slow_mode": "The room has a pace: `retry_after` says when the caller may post there again. Let"
    " people decide whether they still want to.",
    "busy": "The server has too much to do. Wait `retry_after` seconds, then send it again.",
    "archived": "The room can be read, and nothing else.",
    "internal": "A fault of the server, which it has logged. Trying once more later may help.",
}


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


class SlowMode(Refusal):
    status = 429

    def __init__(self, seconds: int) -> None:
        words = f"Slow mode: you can post here again in {seconds:,} second{'s' * (seconds != 1)}."
        super().__init__(words, "slow_mode", temporary=True, retry_after=seconds)


class Busy(Refusal):
    status = 503

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message, "busy", temporary=True, retry_after=retry_after)


def problems(error: ValidationError) -> list[dict[str, Any]]:
    """Pydantic's findings as {"pointer": "/params/days", "message": …}. The input is not echoed."""
    if (many := too_many(error)) is not None:
        return [{"pointer": "", "message": many}]
    return [
        {
            "pointer": "".join(f"/{_pointer(part)}" for part in problem["loc"]),
            "message": problem["msg"],
        }
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def too_many(error: ValidationError) -> str | None:
    """What is said instead of the findings when there are more than anybody reads: to write down
    each of some hundred thousand takes many seconds, and ten times the bytes of the request."""
    count = error.error_count()
    return f"{count:,} faults, too many to list" if count > MOST_PROBLEMS else None


def _pointer(part: int | str) -> str:
    return re.sub("~", "~0", str(part)).replace("/", "~1")


def invalid(error: ValidationError) -> Invalid:
    """The refusal that names each field that is wrong."""
    found = problems(error)
    text = "; ".join(
        f"{item['pointer'].lstrip('/') or 'body'}: {item['message']}" for item in found
    )
    return Invalid(text, errors=found)
