"""System checks of jobs, said at the start. Registered by being imported in `apps`."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SQLITE_VERSION = (3, 35, 0)


@register(Tags.database)
def sqlite_version(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Claiming jobs needs UPDATE … RETURNING."""
    used = any(each["ENGINE"].endswith("sqlite3") for each in settings.DATABASES.values())
    if not used or sqlite3.sqlite_version_info >= SQLITE_VERSION:
        return []
    return [
        Error(
            f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.",
            hint="Use a Python that was built with a newer SQLite, or PostgreSQL by DATABASE_URL.",
            id="jobs.E001",
        )
    ]
