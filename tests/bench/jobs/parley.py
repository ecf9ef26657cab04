"""Parley as a side: submissions over HTTP, jobs in its database."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import psutil
import psycopg

from tests.bench.driver import LoadFailed
from tests.bench.scenarios.people import settle
from tests.support import environment
from tests.support.process import Process
from tests.support.site import CELERY, Site

from .sides import Pool, Side, Words, tell

BATCH = 100
CLIENTS = 16
WARM_UP = 1_000
KINDS = ("bench.nothing", "bench.sleep")
# As the site is run by everybody: a site of the tests is in a hurry. But no bound of one person or
# address: those are for people, and here one stands for many.
SETTINGS = {
    "PARLEY_KINDS": "tests.bench.jobs.kinds",
    "PARLEY_JOB_LEASE_SECONDS": "30",
    "PARLEY_JOB_BEAT_SECONDS": "10",
    "PARLEY_JOB_SWEEP_SECONDS": "2",
    "PARLEY_JOB_RING_AGAIN_SECONDS": "10",
    "PARLEY_JOB_CANCEL_GRACE_SECONDS": "10",
    "PARLEY_JOBS_IN_FLIGHT_PER_USER": "1000000",
    "PARLEY_JOBS_QUEUED": "1000000",
    "PARLEY_REQUESTS_PER_SECOND": "1000000",
    "PARLEY_REQUESTS_BURST": "1000000",
    "PARLEY_REQUEST_WORK_PER_SECOND": "1000",
    "PARLEY_REQUESTS_AT_ONCE_PER_CLIENT": "8",
}
ENDS = (
    "from jobs.models import Job\n"
    f"rows = Job.objects.filter(kind__in={KINDS!r}, state='succeeded').order_by('finished_at')\n"
    "result = [at.timestamp() for at in rows.values_list('finished_at', flat=True)]\n"
)
CONNECTIONS = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_start > to_timestamp(%s)"
)
CLEAR = (
    "from jobs.models import Attempt, Job\n"
    f"rows = Job.objects.filter(kind__in={KINDS!r})\n"
    "Attempt.objects.filter(job__in=rows)._raw_delete('default')\n"
    "rows._raw_delete('default')\n"
    "result = None\n"
)


class Parley(Side):
    keeps = "the job, each attempt and the result, in the database, before anybody hears of it"
    ways = ("batch", "clients")

    def __init__(self, until_the_end: ExitStack, env: Mapping[str, str] | None = None) -> None:
        self.database = "PostgreSQL" if environment.database_url() else "SQLite"
        self.title = f"Parley, {self.database}"
        self.site = until_the_end.enter_context(Site({**SETTINGS, **(env or {})}, parts=("web",)))
        self.person = self.site.user("bench")
        self._rooms: set[str] = set()
        self._people: list[dict[str, str]] = []
        if env is None:
            # What is loaded at the first requests is not what a request costs. (Where `env` has
            # the bounds of production, one person is not let in so often.)
            self.submit("batch", WARM_UP)
            self.clear()

    def settle(self, room: str) -> None:
        """The person is in this room from here on."""
        if room not in self._rooms:
            self._rooms.add(self.site.room(room, "bench"))

    def people(self, count: int) -> list[dict[str, str]]:
        """The headers by which each of so many people comes; asked for once."""
        if not self._people:
            self._people = list(settle(self.site, {"people": list(range(count))}).values())
        return self._people

    def submit(self, way: str, count: int) -> float:
        if way == "batch":
            jobs = [{"kind": KINDS[0]}] * BATCH
            told = self.post("/jobs/batch", {"mode": "all", "jobs": jobs}, count // BATCH)
            return count // BATCH * BATCH / float(told["seconds"])
        clients = self.people(CLIENTS)
        told = self.post("/jobs", {"kind": KINDS[0]}, count, CLIENTS, clients)
        return count / float(told["seconds"])

    def submit_sleeps(self, count: int, seconds: float) -> float:
        jobs = [{"kind": KINDS[1], "params": {"seconds": seconds}}] * BATCH
        told = self.post("/jobs/batch", {"mode": "all", "jobs": jobs}, count // BATCH, 0)
        return float(told["began"])

    def post(
        self,
        path: str,
        body: Any,
        requests: int,
        warm_up: int = 1,
        clients: Sequence[Mapping[str, str]] = (),
    ) -> Words:
        """By one client, the person, unless others are named by their headers."""
        plan = {
            "port": self.site.port,
            "path": f"/api/v1{path}",
            "clients": list(clients) or [self.person.bearer],
            "body": json.dumps(body),
            "requests": requests,
            "warm_up": warm_up,
        }
        told = tell("tests.bench.jobs.submitting", [json.dumps(plan)])
        if refused := set(told["statuses"]) - {"200", "202"}:
            raise LoadFailed(f"{self.title}: {path} was answered with {', '.join(refused)}")
        return told

    def worker(self, pool: Pool) -> Process:
        worker = self.site.worker
        worker.command = [*CELERY, "worker", "--pool", pool.name, f"--concurrency={pool.slots}"]
        worker.command += ["--without-gossip", "--without-mingle"]
        return worker

    def connections(self, worker: Process) -> int | None:
        """Of the worker and its sweeper. PostgreSQL does not say who is at the other end of a
        socket: those are counted that have come since the worker is there."""
        if self.database == "PostgreSQL":
            began = psutil.Process(worker.pid).create_time()
            with psycopg.connect(self.site.env["DATABASE_URL"]) as connection:
                found = connection.execute(CONNECTIONS, [began]).fetchone()
            return found[0] if found else None
        name = str(self.site.folder / "db.sqlite3")
        count = 0
        for process in worker.tree():
            with suppress(psutil.Error):
                count += sum(file.path == name for file in process.open_files())
        return count

    def ends(self) -> list[float]:
        found: list[float] = self.site.ask(ENDS)
        return found

    def clear(self) -> None:
        self.site.ask(CLEAR)
        self.site.redis_cli("FLUSHALL")
