"""Whose page a handshake with a cookie comes from: a cookie comes with every page's request, the
origin says whose page it was.

The rule is Django's own, the one of its forms, so that a page that sends forms may open a socket
and nobody else: this site by the scheme, host and port that browsers see, and CSRF_TRUSTED_ORIGINS
with its wildcards. Asked by `consumer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

SCHEMES = {"ws": "http", "wss": "https"}


class OriginRule(CsrfViewMiddleware):
    def allows(self, request: ASGIRequest) -> bool:
        # Browsers always send one.
        if "HTTP_ORIGIN" not in request.META:
            return True
        return bool(self._origin_verified(request))  # type: ignore[attr-defined]


def origin_allowed(scope: Mapping[str, Any]) -> bool:
    """Whether a handshake, as an ASGI scope, comes from a page of ours."""
    scheme = scope.get("scheme") or "ws"
    http = {**scope, "method": "GET", "scheme": SCHEMES.get(scheme, scheme)}
    rule = OriginRule(lambda request: HttpResponse())
    return bool(rule.allows(ASGIRequest(http, BytesIO())))
