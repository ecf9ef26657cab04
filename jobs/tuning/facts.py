"""What `tune` measures: this machine, its database, and the jobs that ended lately."""

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F

from jobs import overview, registry

from .advice import KindFacts, Machine

# The latest ones: enough for what is usual.
MOST_JOBS = 50_000
CGROUP = Path("/sys/fs/cgroup")


def machine(worker_processes: int) -> Machine:
    """`worker_processes`: that run now. Each has a connection."""
    held, most = _connections()
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    return Machine(
        cores=cores(),
        memory_mb=memory_mb(),
        database=connection.vendor,
        connections=most,
        connections_of_others=max(0, held - worker_processes),
        pool_max=pool["max_size"] if isinstance(pool, dict) else 16,
    )


def cores() -> int:
    """That this process may use, by its container as well."""
    with suppress(AttributeError):
        found = len(os.sched_getaffinity(0))
        with suppress(OSError, ValueError):
            quota, period = (CGROUP / "cpu.max").read_text().split()
            if quota != "max":
                found = min(found, max(1, round(int(quota) / int(period))))
        return found
    return os.cpu_count() or 1


def memory_mb() -> int:
    """The machine's, or what its container may have of it."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        # "max" is no number.
        found = min(found, int((CGROUP / "memory.max").read_text()))
    return int(found) // 2**20


def _connections() -> tuple[int, int | None]:
    """Held by anybody else, and how many there may be. Behind a pooler these are the pooler's."""
    if connection.vendor != "postgresql":
        return 0, None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        most = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        held = int(cursor.fetchone()[0])
    return held, most


def kinds(now: datetime, span: timedelta) -> list[KindFacts]:
    """Of the jobs that ended within `span`: their last attempts."""
    ends = overview.ended_since(now - span).filter(started_at__isnull=False)
    ends = ends.filter(finished_at__gte=F("started_at"))
    columns = ("kind", "queue", "started_at", "finished_at")
    rows: Iterable[Any] = ends.order_by("-finished_at").values_list(*columns)[:MOST_JOBS]
    runs: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for kind, queue, started, finished in rows:
        runs.setdefault((kind, queue), []).append((started, finished))
    # A worker that cannot run these must not be the only one of their queue.
    for each in registry.known():
        if each.needs_process:
            runs.setdefault((each.name, each.queue), [])
    return [_kind(kind, queue, runs[kind, queue]) for kind, queue in sorted(runs)]


def _kind(name: str, queue: str, runs: list[tuple[datetime, datetime]]) -> KindFacts:
    declared = registry.find(name)
    seconds = [(finished - started).total_seconds() for started, finished in runs]
    half, most = overview.quantiles(seconds or [0.0])
    return KindFacts(
        name=name,
        queue=queue,
        ended=len(runs),
        busy=sum(seconds),
        p50=half,
        p95=most,
        peak=peak(runs),
        is_coroutine=declared is not None and declared.is_coroutine,
        needs_process=declared is not None and declared.needs_process,
    )


def peak(runs: Iterable[tuple[datetime, datetime]]) -> int:
    """How many ran at once at most; who ends when another begins does not run with it. Pure."""
    changes = sorted(change for begun, ended in runs for change in ((begun, 1), (ended, -1)))
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return max(1, most) if changes else 0
