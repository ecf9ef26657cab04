"""Says once that browsers come over HTTPS while the site is set up for plain HTTP.

A server on loopback alone assumes that somebody is trying things out. Behind a proxy that speaks
HTTPS that is wrong, and cookies go out without `Secure`. Connected when Django starts.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.signals import request_started

logger = logging.getLogger(__name__)

HEADER = "X-Forwarded-Proto"


def watch() -> None:
    """Nothing is looked at where HTTPS is on."""
    if not settings.SECURE_SSL_REDIRECT:
        request_started.connect(_look, dispatch_uid=__name__)


def _look(
    scope: Mapping[str, Any] | None = None, environ: Mapping[str, Any] | None = None, **_: Any
) -> None:
    if not comes_over_https(scope or {}, environ or {}):
        return
    request_started.disconnect(dispatch_uid=__name__)
    logger.warning(
        "A proxy passes on requests that came over HTTPS, but HTTPS is off here: cookies are not"
        " marked as secure, and nobody is sent from http:// to https://. Set HTTPS=true, or"
        " PARLEY_TRUSTED_PROXIES to the number of proxies."
    )


def comes_over_https(scope: Mapping[str, Any], environ: Mapping[str, Any]) -> bool:
    said = [
        value.decode("latin1")
        for name, value in scope.get("headers", ())
        if name.lower() == HEADER.lower().encode()
    ]
    said.append(environ.get("HTTP_X_FORWARDED_PROTO", ""))
    return any(part.strip().lower() == "https" for each in said for part in each.split(","))
