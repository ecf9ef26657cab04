"""Whether this process lives (`/healthz`) and can do its work (`/readyz`).

For load balancers and `manage.py up`: no log-in, no session, and nothing said that helps a
stranger. Parts that run inside a web process register what else being ready means.

`/readyz?deep` asks besides what is not this process's own: for people and monitors; a balancer that
sent nobody here for it would help nobody.

Every check has a thread of its own. Who asks waits a second for all of them together; one that has
not ended by then is not begun once more, and counts as failing until it ends.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from queue import SimpleQueue

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from rooms.core.outages import Outage
from rooms.database.calls import with_connection

from .database import deadlines, pending_migrations, probe, trouble

logger = logging.getLogger(__name__)

# For all checks together.
ANSWER_SECONDS = 0.75
# A check gives up by itself a little earlier, and can then say why.
CHECK_SECONDS = 0.65
SILENT = "does not answer"

# Says why not, or None when all is well. Runs in a thread of its own; may raise.
Check = Callable[[], str | None]


def database() -> str | None:
    """Answers, can be written, and has what this version expects."""
    try:
        with deadlines.within(CHECK_SECONDS):
            found = with_connection(probe.what_is_wrong)
    except Exception as error:
        text = trouble.reason(error)
        if text is None or text == trouble.SILENT:
            raise
        return text
    if found is not None:
        # Another connection may lead to a server that can be written.
        deadlines.forget_idle_connections()
        connection.close()
        return found
    pending = with_connection(pending_migrations.pending)
    return pending_migrations.described(pending) if pending else None


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=CHECK_SECONDS, socket_connect_timeout=CHECK_SECONDS
    )


def redis_server() -> str | None:
    _redis().ping()
    return None


class Checker:
    """One check and its thread."""

    def __init__(self, name: str, check: Check, deep: bool = False) -> None:
        self._name = name
        self.deep = deep
        self._check = check
        self._asked: SimpleQueue[Future[str] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._under_way: Future[str] | None = None
        self._lock = threading.Lock()
        self._outage = Outage(logger, f"Not ready: {name}")

    def ask(self) -> "Future[str]":
        """What is found: "ok" or why not. The check that is under way, if there is one."""
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = Future()
                # Who stops waiting for it does not stop it.
                self._under_way.set_running_or_notify_cancel()
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._work, name=f"health-{self._name}", daemon=True
                    )
                    self._thread.start()
                self._asked.put(self._under_way)
            return self._under_way

    def found(self, asked: "Future[str]") -> str:
        """The answer, or that there is none."""
        if asked.done():
            return asked.result()
        self._outage.failed(SILENT)
        return SILENT

    def stop(self) -> None:
        self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            asked.set_result(self._run())
        connection.close()

    def _run(self) -> str:
        try:
            found = self._check() or "ok"
        except Exception as error:
            self._outage.failed(error)
            return "failed"
        if found == "ok":
            self._outage.over()
        else:
            self._outage.failed(found)
        return found


_checkers: dict[str, Checker] = {}


def register(name: str, check: Check, deep: bool = False) -> None:
    """Let `/readyz` ask `check`, too, or only `/readyz?deep`. The last one of a name counts."""
    unregister(name)
    _checkers[name] = Checker(name, check, deep)


def unregister(name: str) -> None:
    checker = _checkers.pop(name, None)
    if checker is not None:
        checker.stop()


register("database", lambda: database())
register("redis", lambda: redis_server())


async def healthz(request: HttpRequest) -> JsonResponse:
    """Answers as long as the event loop turns."""
    return _answer({})


async def readyz(request: HttpRequest) -> JsonResponse:
    return _answer(await look(deep="deep" in request.GET))


async def look(deep: bool = False) -> dict[str, str]:
    """What each check finds, within `ANSWER_SECONDS`. On any loop."""
    asked = {
        name: (checker, checker.ask())
        for name, checker in list(_checkers.items())
        if deep or not checker.deep
    }
    waiting = [asyncio.wrap_future(future) for _, future in asked.values()]
    _, silent = await asyncio.wait(waiting, timeout=ANSWER_SECONDS)
    for each in silent:
        each.cancel()
    return {name: checker.found(future) for name, (checker, future) in asked.items()}


async def is_ready() -> bool:
    """The same, for the process itself."""
    return all(found == "ok" for found in (await look()).values())


def _answer(checks: dict[str, str]) -> JsonResponse:
    ok = all(found == "ok" for found in checks.values())
    answer = JsonResponse({"ok": ok, "checks": checks}, status=200 if ok else 503)
    answer["Cache-Control"] = "no-store"
    return answer
