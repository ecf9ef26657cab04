"""Rows of jobs that nobody asks for any more. Registered with the housekeeping by the slice.

Ended jobs go by age and by number, a kind at a time: the kind says how many it keeps and for how
long, or the site does. Unfinished ones never go.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from jobs import registry
from jobs.lifecycle import removal
from jobs.limits import job_limits
from jobs.models import Job, KeptAnswer, Pause, Worker
from rooms.core import housekeeping
from rooms.database import clock

logger = logging.getLogger(__name__)

# A process that has ended is shown to operators for so long.
ENDED_WORKER_DAYS = 1
KEPT_ANSWER_HOURS = 24
# However many there are: who asked for a job has so long to look at what came of it, and the
# overview counts what ended within a day.
SHORTEST_KEPT = timedelta(days=1)
# One run of the housekeeping. What is left is for the next.
RUN_SECONDS = 300.0
# After each slice others have as long as it took, up to this.
LONGEST_PAUSE_SECONDS = 0.1


def ended_workers() -> int:
    """Processes that have ended a while ago. No job names them: the last one they had was ended by
    them, or taken back."""
    before = clock.now() - timedelta(days=ENDED_WORKER_DAYS)
    return housekeeping.delete_in_batches(Worker.objects.filter(ended_at__lt=before))


def kept_answers() -> int:
    """Of requests with an `Idempotency-Key`. A job is found by its key for as long as it is there;
    what was said of it is not given again after this."""
    before = clock.now() - timedelta(hours=KEPT_ANSWER_HOURS)
    return housekeeping.delete_in_batches(KeptAnswer.objects.filter(created_at__lt=before))


def ended_pauses() -> int:
    """Pauses that were over as long ago as ended jobs are kept."""
    before = clock.now() - timedelta(days=job_limits().job_keep_days)
    return housekeeping.delete_in_batches(Pause.objects.filter(resumed_at__lt=before))


def finished_jobs() -> int:
    """Jobs that ended longer ago than their kind keeps them, and those that are too many of it."""
    clock.set_by_database()
    until, removed = time.monotonic() + RUN_SECONDS, 0
    for kind in _kinds_there_are():
        for bounds in _bounds(kind, clock.now()):
            for number in _remove_by_slices(kind, *bounds):
                removed += number
                if time.monotonic() >= until:
                    logger.info("%d jobs were pruned, and there are more", removed)
                    return removed
    return removed


def _remove_by_slices(kind: str, created_before: datetime, ended_before: datetime) -> Iterator[int]:
    """How many went with each slice. By the index of the kind, oldest first: what cannot go, being
    unfinished or hardly finished, is passed once, as each slice begins where the last one ended."""
    after: datetime | None = None
    while True:
        began = time.monotonic()
        rows = old_jobs(kind, created_before, ended_before, after)
        found = list(rows.values_list("pk", "created_at")[: removal.JOBS_PER_SLICE])
        number = removal.remove([job_id for job_id, _ in found], ended_before) if found else 0
        if not number:
            # If there are any, another process is just removing them.
            return
        yield number
        after = found[-1][1]
        time.sleep(min(time.monotonic() - began, LONGEST_PAUSE_SECONDS))


def _kinds_there_are() -> Iterator[str]:
    """Of kinds that nobody declares any more as well. Each is one step in the index."""
    last = ""
    while True:
        found = Job.objects.filter(kind__gt=last).order_by("kind").values_list("kind", flat=True)
        kind = found.first()
        if kind is None:
            return
        yield kind
        last = kind


def _bounds(kind: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Jobs go that were created before the first and ended before the second time of a pair."""
    declared, limits = registry.find(kind), job_limits()
    days = declared.keep_days if declared else None
    number = declared.keep_jobs if declared else None
    age = now - timedelta(days=limits.job_keep_days if days is None else days)
    yield age, age
    most = limits.job_keep_per_kind if number is None else number
    for created_at in newest_first(kind)[most - 1 : most].values_list("created_at", flat=True):
        yield created_at, now - SHORTEST_KEPT


def newest_first(kind: str) -> "QuerySet[Job]":
    return Job.objects.filter(kind=kind, parent=None).order_by("-created_at")


def old_jobs(
    kind: str, created_before: datetime, ended_before: datetime, after: datetime | None
) -> "QuerySet[Job]":
    """What is to be removed next."""
    # Parts go with the job that they are of.
    rows = Job.objects.filter(
        kind=kind, created_at__lt=created_before, finished_at__lt=ended_before, parent=None
    ).order_by("created_at")
    return rows if after is None else rows.filter(created_at__gte=after)
