"""Brings back what was lost, and brings up what is due. Called every two seconds by `lane`.

Safe to run twice at once, and safe to stop anywhere: each job is moved by a guarded update in a
transaction of its own. Whatever happens to the broker, this is what makes every job go on.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from jobs import registry
from jobs.lifecycle import doorbell, transitions
from jobs.lifecycle.verdict import Ending, Failure
from jobs.limits import job_limits
from jobs.models import Job, Outcome, State

logger = logging.getLogger(__name__)

# Work of one sweep, so that it ends before the next one after a long outage.
JOBS_PER_SWEEP = 500

# How many messages a queue of the broker holds; None when it cannot be asked.
QueueDepth = Callable[[str], int | None]


@dataclass
class Swept:
    """What one sweep has done."""

    due: int = 0
    lost: int = 0
    rung: int = 0


def sweep(waiting: QueueDepth) -> Swept:
    swept = Swept(lost=take_back_lost(), due=queue_due(), rung=ring_again(waiting))
    if swept != Swept():
        logger.info("swept: %s", swept)
    return swept


def take_back_lost() -> int:
    """Jobs whose worker has not renewed its lease: lost, and begun again or given up."""
    expired = Job.objects.filter(state=State.RUNNING, lease_expires_at__lt=timezone.now())
    failure = Failure("WorkerLost", "Its worker vanished in the middle of it.")

    def take_back(job_id: UUID) -> bool:
        return (
            transitions.end_attempt(job_id, leases[job_id], Ending(Outcome.LOST, failure))
            is not None
        )

    rows = expired.values_list("pk", "lease_token")[:JOBS_PER_SWEEP]
    leases = {job_id: lease for job_id, lease in rows if lease is not None}
    return _each(leases, take_back)


def queue_due() -> int:
    """Scheduled and retrying jobs whose time has come."""
    due = Job.objects.filter(
        state__in=[State.SCHEDULED, State.RETRYING], due_at__lte=timezone.now()
    ).order_by("due_at")
    return _each(due.values_list("pk", flat=True)[:JOBS_PER_SWEEP], transitions.queue_due)


def _each(jobs: Iterable[UUID], move: Callable[[UUID], bool]) -> int:
    """How many were moved. A job that cannot be does not keep the others from it."""
    count = 0
    for job_id in jobs:
        try:
            count += move(job_id)
        except Job.DoesNotExist:
            continue
        except Exception:
            logger.exception("job %s could not be swept", job_id)
    return count


def ring_again(waiting: QueueDepth) -> int:
    """Jobs that are queued, were rung for a while ago, and have no message in the broker.

    How many have none is the difference between the jobs and the messages of a queue: a long
    queue that workers are busy with is left alone. Messages of jobs that are done already may hide
    a lost one for as long as it takes to skip them.
    """
    now = timezone.now()
    before = now - timedelta(seconds=job_limits().job_ring_again_seconds)
    count = 0
    for queue in registry.QUEUES:
        queued = Job.objects.filter(queue=queue, state=State.QUEUED)
        overdue = queued.filter(rung_at__lt=before).order_by("queued_at")
        if not overdue.exists():
            continue
        messages = waiting(queue)
        if messages is None:
            continue
        missing = min(queued.count() - messages, JOBS_PER_SWEEP)
        if missing > 0:
            jobs = list(overdue[:missing])
            Job.objects.filter(pk__in=[job.pk for job in jobs], state=State.QUEUED).update(
                rung_at=now
            )
            count += doorbell.ring(jobs)
    return count
