"""Whose page a handshake with a cookie comes from: a cookie comes with every page's request, the
origin says whose page it was.

The rule is Django's own, the one of its forms, so that a page that sends forms may open a socket
and nobody else: this site by the scheme, host and port that browsers see, and CSRF_TRUSTED_ORIGINS
with its wildcards. Asked by `consumer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

SCHEMES = {"ws": "http", "wss": "https"}


class Handshake(HttpRequest):
    """Of a request what tells the scheme and host that browsers see, and nothing else: a whole one
    takes longer to make than all the rest of the question."""

    def __init__(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        host, port = scope.get("server") or ("unknown", 0)
        self._scheme = SCHEMES.get(scope.get("scheme") or "ws", "http")
        self.META = {"SERVER_NAME": str(host), "SERVER_PORT": str(port or 0)}
        for name, value in headers.items():
            # `x_forwarded_proto` is not the header that a proxy overwrites.
            if "_" not in name:
                self.META[f"HTTP_{name.upper().replace('-', '_')}"] = value

    def _get_scheme(self) -> str:
        return self._scheme


class OriginRule(CsrfViewMiddleware):
    def allows(self, request: HttpRequest) -> bool:
        # Browsers always send one.
        if "HTTP_ORIGIN" not in request.META:
            return True
        return bool(self._origin_verified(request))  # type: ignore[attr-defined]


def origin_allowed(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Whether a handshake, as an ASGI scope with its headers by lower-case name, comes from a page
    of ours."""
    rule = OriginRule(lambda request: HttpResponse())
    return rule.allows(Handshake(scope, headers))
