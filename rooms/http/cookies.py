"""Cookies as they come, before anybody takes them apart.

Python takes the quotation marks off a cookie in time that grows with the square of its backslashes
(up to 3.11.9 and 3.12.5): one header of 16 KB then costs half a second, and needs no log-in.
Nothing of this project has more than a few; other programs on the same host may.
"""

from collections.abc import Awaitable, Callable
from typing import Any, AnyStr

from django.http import parse_cookie

MOST_BACKSLASHES = 200

AsgiApplication = Callable[[Any, Any, Any], Awaitable[None]]


def bounded(header: AnyStr) -> AnyStr:
    """The header, without its backslashes if it has more than anybody means."""
    if isinstance(header, bytes):
        return header.replace(b"\\", b"") if header.count(b"\\") > MOST_BACKSLASHES else header
    return header.replace("\\", "") if header.count("\\") > MOST_BACKSLASHES else header


def read(header: str) -> dict[str, str]:
    """The cookies of a header, as Django reads them, odd neighbours and all."""
    return parse_cookie(bounded(header))


class BoundedCookies:
    """An ASGI application around another, which reads its cookies by itself, in good time."""

    def __init__(self, application: AsgiApplication) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = scope.get("headers") or ()
        if any(name == b"cookie" and b"\\" in value for name, value in headers):
            kept = [
                (name, bounded(value) if name == b"cookie" else value) for name, value in headers
            ]
            scope = {**scope, "headers": kept}
        await self._application(scope, receive, send)
