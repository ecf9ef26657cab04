"""Finding out how jobs are."""

from collections.abc import Iterator
from itertools import groupby

from django.conf import settings

from jobs import hearing, overview, tasks
from jobs.limits import job_limits
from jobs.loops.lane import SIGN
from jobs.registry import QUEUES
from rooms.database import clock, signs_of_life
from rooms.doctor.findings import Observation, Probe, register
from rooms.doctor.probes import redis_server

from . import verdicts

SECTION = "Jobs"
ECHO_SECONDS = 4.0


def broker() -> Iterator[Observation]:
    yield verdicts.broker(tasks.round_trip(ECHO_SECONDS))


def broker_kind() -> Iterator[Observation]:
    """Of a Redis of its own."""
    url = settings.ENVIRONMENT.celery_broker_url
    if url.startswith(("redis:", "rediss:", "unix:")) and url != settings.REDIS_URL:
        yield from redis_server.kind(url)


def workers() -> Iterator[Observation]:
    there = overview.workers(clock.now())
    facts = []
    for name, group in groupby(there, key=lambda each: each.row.name):
        rows = [each.row for each in group]
        queues = {queue for row in rows for queue in row.queues.split(", ") if queue}
        versions = {row.version or "unknown" for row in rows}
        sorted_ = tuple(sorted(queues)), tuple(sorted(versions))
        facts.append(verdicts.WorkerFacts(name, len(rows), *sorted_))
    deaf: dict[str, set[str]] = {}
    for ear in hearing.deaf(there):
        deaf.setdefault(ear.worker, set()).add(ear.queue)
    yield from verdicts.workers(facts, QUEUES, settings.VERSION, deaf)


def queues() -> Iterator[Observation]:
    now = clock.now()
    for each in overview.queues():
        age = (now - each.since).total_seconds() if each.since else None
        most = min(verdicts.AGE_WRONG_SECONDS, job_limits().job_oldest_seconds)
        yield verdicts.queue(each.name, each.waiting, each.paused, age, most)


def signs() -> Iterator[Observation]:
    now = clock.now()
    due = overview.due_since(now)
    late = (now - due).total_seconds() if due else None
    yield verdicts.sweeper(signs_of_life.seconds_since(SIGN), late)
    lives = [(now - each.row.started_at).total_seconds() for each in overview.workers(now)]
    swept = signs_of_life.seconds_since(signs_of_life.HOUSEKEEPING)
    yield verdicts.beat(swept, max(lives, default=None))


register(
    Probe("broker", SECTION, broker, seconds=10, needs=("migrations",)),
    Probe("broker-kind", SECTION, broker_kind, needs=("broker",)),
    Probe("workers", SECTION, workers, needs=("migrations",)),
    Probe("queues", SECTION, queues, needs=("migrations",)),
    Probe("signs", SECTION, signs, needs=("migrations",)),
)
