"""System checks: what would fail later, said at the start, with what to do.

Registered by being imported in `apps`. None of them connects to anything.
"""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from rooms.core.redaction import without_password

REDIS_SCHEMES = ("redis", "rediss", "unix")
LITTLE_SPACE_BYTES = 100 * 1024 * 1024


@register()
def redis_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.REDIS_URL)
    if address.scheme not in REDIS_SCHEMES:
        return [
            Error(
                f"REDIS_URL does not name a Redis: {without_password(settings.REDIS_URL)!r}.",
                hint="Forms: redis://host:6379/0, rediss://:password@host:6379/0, unix:///path.",
                id="rooms.E001",
            )
        ]
    if address.scheme == "unix" and not address.path:
        return [Error("REDIS_URL names no socket.", hint="Form: unix:///path.", id="rooms.E001")]
    if address.scheme != "unix" and not address.hostname:
        return [Error("REDIS_URL names no host.", hint="redis://host:6379/0", id="rooms.E001")]
    return []


@register()
def data_folder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    folder = Path(settings.DATA_DIR)
    found: list[CheckMessage] = []
    if folder.stat().st_mode & 0o007:
        found.append(
            Warning(
                f"Everybody on this machine may look into the data directory {folder}.",
                hint=f"It holds the secret key: chmod 700 {folder}",
                id="rooms.W001",
            )
        )
    if shutil.disk_usage(folder).free < LITTLE_SPACE_BYTES:
        found.append(Warning(f"The disk of {folder} is almost full.", id="rooms.W002"))
    return found


@register(Tags.security, deploy=True)
def site_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in letters: with a wildcard, the one who asks for a letter chooses where they lead."""
    wild = any(name.startswith(("*", ".")) for name in settings.ALLOWED_HOSTS)
    if not (wild and settings.SENDS_MAIL and not settings.SITE_URL):
        return []
    return [
        Warning(
            "ALLOWED_HOSTS has a wildcard, so a request may say where links in letters lead.",
            hint="Set SITE_URL to the address of this site, as https://chat.example.org.",
            id="rooms.W003",
        )
    ]
