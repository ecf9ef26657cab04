"""The port that browsers see, where a proxy of ours names it in `X-Forwarded-Port` alone.

Django takes the host from `X-Forwarded-Host`, or from `Host`, and with it the port: one of the two
that has none is given it. Forms and sockets compare a page's origin with that, and links are made
of it. Ports 80 and 443 are left out, as browsers leave them out: a proxy behind the one that speaks
HTTPS names its own.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

DEFAULT_PORTS = (80, 443)
PORT_DIGITS = 5


def with_port(headers: Headers) -> Headers:
    """The headers, with the port in their host if it has none. Pure."""
    named = dict(headers)
    port = named.get(b"x-forwarded-port", b"").strip()
    if not port.isdigit() or len(port) > PORT_DIGITS or int(port) in DEFAULT_PORTS:
        return headers
    name = b"x-forwarded-host" if named.get(b"x-forwarded-host") else b"host"
    host = named.get(name, b"").strip()
    # An IPv6 address has colons of its own, between brackets.
    if not host or b"," in host or b":" in host.rpartition(b"]")[2]:
        return headers
    return [(key, host + b":" + port if key == name else value) for key, value in headers]


class ForwardedPort:
    """An ASGI application around another, for sites with proxies in front."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = scope.get("headers") or ()
        if settings.TRUSTED_PROXIES and any(name == b"x-forwarded-port" for name, _ in headers):
            scope = {**scope, "headers": with_port(list(headers))}
        await self._application(scope, receive, send)
