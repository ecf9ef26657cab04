"""The client's address of what is at hand: a Django request, or an ASGI scope."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .client_address import client_address

logger = logging.getLogger(__name__)


def of_request(request: HttpRequest) -> str:
    """Empty when the server listens on a Unix socket and no trusted proxy names one."""
    return _address(
        request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", "")
    )


def of_scope(scope: Mapping[str, Any]) -> str:
    """The same, of a WebSocket's handshake."""
    client = scope.get("client") or [""]
    named = [
        value.decode("latin1")
        for name, value in scope.get("headers") or ()
        if name == b"x-forwarded-for"
    ]
    return _address(str(client[0]), ",".join(named))


def _address(peer: str, forwarded_for: str) -> str:
    if forwarded_for and not settings.TRUSTED_PROXIES:
        _say_once()
    return client_address(peer, forwarded_for, settings.TRUSTED_PROXIES)


@cache
def _say_once() -> None:
    logger.warning(
        "A request says that it came through a proxy, and none is trusted: if that is your own,"
        " everybody behind it shares one address and its limits. See PARLEY_TRUSTED_PROXIES."
    )
