"""Django for `celery_results`. BENCH_DATABASE is a file, or the address of a PostgreSQL."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

# As in `config.database`, which cannot be imported without Parley's own Celery.
SQLITE_INIT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
SECRET_KEY = "of nothing that matters"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django_celery_results"]
_database = os.environ["BENCH_DATABASE"]
_parts = urlsplit(_database)
DATABASES: dict[str, Any]
if _parts.scheme:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _parts.path[1:],
            "USER": _parts.username or "",
            "HOST": unquote(_parts.netloc.rpartition("@")[2]),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _database,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": SQLITE_INIT,
            },
        }
    }
