"""System checks: what would fail later, said at the start, with what to do.

Registered by being imported in `apps`. None of them connects to anything.
"""

import shutil
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

SQLITE = (3, 35, 0)
REDIS_SCHEMES = ("redis", "rediss", "unix")
LITTLE_SPACE = 100 * 1024 * 1024


@register()
def redis_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.REDIS_URL)
    if address.scheme not in REDIS_SCHEMES:
        return [
            Error(
                f"REDIS_URL does not name a Redis: {settings.REDIS_URL!r}.",
                hint="Forms: redis://host:6379/0, rediss://:password@host:6379/0, unix:///path.",
                id="rooms.E001",
            )
        ]
    if address.scheme == "unix" and not address.path:
        return [Error("REDIS_URL names no socket.", hint="Form: unix:///path.", id="rooms.E001")]
    if address.scheme != "unix" and not address.hostname:
        return [Error("REDIS_URL names no host.", hint="redis://host:6379/0", id="rooms.E001")]
    return []


@register(Tags.database)
def sqlite_version(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Claiming jobs needs UPDATE … RETURNING."""
    used = any(each["ENGINE"].endswith("sqlite3") for each in settings.DATABASES.values())
    if not used or sqlite3.sqlite_version_info >= SQLITE:
        return []
    return [
        Error(
            f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.",
            hint="Use a Python that was built with a newer SQLite, or PostgreSQL by DATABASE_URL.",
            id="rooms.E002",
        )
    ]


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
    if shutil.disk_usage(folder).free < LITTLE_SPACE:
        found.append(Warning(f"The disk of {folder} is almost full.", id="rooms.W002"))
    return found
