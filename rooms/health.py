"""Whether this process lives (`/healthz`) and can do its work (`/readyz`).

For load balancers and `manage.py up`: no log-in, no session, and nothing said that helps a
stranger. Parts that run inside a web process register what else being ready means.
"""

import logging
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

logger = logging.getLogger(__name__)

REDIS_SECONDS = 1.0

# Says why not, or None when all is well. Runs in a thread; may raise.
Check = Callable[[], str | None]


def database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )


def redis_server() -> str | None:
    _redis().ping()
    return None


_checks: dict[str, Check] = {"database": database, "redis": redis_server}


def register(name: str, check: Check) -> None:
    """Let `/readyz` ask `check`, too. The last one of a name counts."""
    _checks[name] = check


def unregister(name: str) -> None:
    _checks.pop(name, None)


async def healthz(request: HttpRequest) -> JsonResponse:
    """Answers as long as the event loop turns."""
    return _answer({})


def readyz(request: HttpRequest) -> JsonResponse:
    return _answer(_run_all())


def is_ready() -> bool:
    """The same, for the process itself. Runs in a thread."""
    return all(found == "ok" for found in _run_all().values())


def _run_all() -> dict[str, str]:
    return {name: _run(name, check) for name, check in list(_checks.items())}


def _run(name: str, check: Check) -> str:
    try:
        return check() or "ok"
    except Exception as error:
        logger.warning("Not ready: %s: %s", name, error)
        return "failed"


def _answer(checks: dict[str, str]) -> JsonResponse:
    ok = all(found == "ok" for found in checks.values())
    answer = JsonResponse({"ok": ok, "checks": checks}, status=200 if ok else 503)
    answer["Cache-Control"] = "no-store"
    return answer
