"""Answers to HTTP requests that never reach the application: too large, too slow, too many. Pure.

Used by `http_channel`.
"""

from __future__ import annotations

from http import HTTPStatus

import orjson

DETAILS = {
    400: "The request could not be understood.",
    408: "The request took too long to come.",
    413: "The request's body is too large.",
    414: "The request's address is too long.",
    429: "Too much came from you or your network. Try again a little later.",
    431: "The request's header is too large.",
    503: "The server cannot take this now. Try again a little later.",
}
CODES = {413: "too_long", 414: "too_long", 429: "rate_limited", 431: "too_long", 503: "busy"}
TEMPORARY = (408, 429, 503)
PROBLEM = "application/problem+json"


class RefusedRequest(Exception):
    """A request that is not taken. `reason` is its label in the metrics, `retry_after` seconds."""

    def __init__(self, status: int, reason: str, retry_after: int = 1) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def answer(refused: RefusedRequest, path: str) -> bytes:
    """The whole answer. Below `/api/` it is a problem, as all errors are there (RFC 9457)."""
    status = refused.status
    phrase = HTTPStatus(status).phrase
    if path.startswith("/api/"):
        kind = PROBLEM
        body = orjson.dumps(
            {
                "type": "about:blank",
                "title": phrase,
                "status": status,
                "code": CODES.get(status, "invalid"),
                "detail": DETAILS[status],
                "temporary": status in TEMPORARY,
            }
        )
    else:
        kind, body = "text/plain; charset=utf-8", f"{DETAILS[status]}\n".encode()
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if status in (429, 503):
        lines.append(f"Retry-After: {refused.retry_after}")
    return "\r\n".join([*lines, "", ""]).encode() + body
