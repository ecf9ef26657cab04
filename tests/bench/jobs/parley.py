"""Parley as a side: submissions over HTTP, jobs in its database."""

import json
from contextlib import ExitStack
from typing import Any

from tests.bench.driver import LoadFailed
from tests.support import environment
from tests.support.process import Process
from tests.support.site import CELERY, Site

from .sides import Pool, Side, Words, tell

BATCH = 100
CLIENTS = 16
KINDS = ("bench.nothing", "bench.sleep")
# As the site is run by everybody: a site of the tests is in a hurry. Nobody is refused here.
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
}
ENDS = (
    "from jobs.models import Job\n"
    f"rows = Job.objects.filter(kind__in={KINDS!r}, state='succeeded').order_by('finished_at')\n"
    "result = [at.timestamp() for at in rows.values_list('finished_at', flat=True)]\n"
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

    def __init__(self, until_the_end: ExitStack) -> None:
        database = "PostgreSQL" if environment.database_url() else "SQLite"
        self.title = f"Parley, {database}"
        self.site = until_the_end.enter_context(Site(SETTINGS, parts=("web",)))
        self.person = self.site.user("bench")

    def submit(self, way: str, count: int) -> float:
        if way == "batch":
            jobs = [{"kind": KINDS[0]}] * BATCH
            told = self.post("/jobs/batch", {"mode": "all", "jobs": jobs}, 1, count // BATCH)
            return count // BATCH * BATCH / float(told["seconds"])
        told = self.post("/jobs", {"kind": KINDS[0]}, CLIENTS, count, warm_up=CLIENTS)
        return count / float(told["seconds"])

    def post(self, path: str, body: Any, clients: int, requests: int, warm_up: int = 1) -> Words:
        plan = {
            "port": self.site.port,
            "path": f"/api/v1{path}",
            "headers": self.person.bearer,
            "body": json.dumps(body),
            "clients": clients,
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

    def ends(self) -> list[float]:
        found: list[float] = self.site.ask(ENDS)
        return found

    def clear(self) -> None:
        self.site.ask(CLEAR)
        self.site.redis_cli("FLUSHALL")
