"""Brings back what was lost, and brings up what is due. Called every two seconds by `lane`.

Safe to run twice at once, and safe to stop anywhere: jobs are moved under their locks, if they are
still where they were seen. Whatever happens to the broker, this is what makes every job go on.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from jobs import registry
from jobs.lifecycle import (
    attempts,
    doorbell,
    holding,
    parts,
    pausing,
    questions,
    transitions,
)
from jobs.lifecycle.attempts import End
from jobs.lifecycle.verdict import Ending, Failure
from jobs.limits import job_limits
from jobs.models import Job, JobQuestion, Outcome, State, Worker
from rooms.core.outages import Outage
from rooms.database import clock, trouble

from . import ageing, recurring

logger = logging.getLogger(__name__)
_unswept = Outage(logger, "A job could not be swept", level=logging.ERROR)

# Work of one sweep, so that it ends before the next one after a long outage.
JOBS_PER_SWEEP = 2_000
JOBS_PER_TRANSACTION = 100

# How many messages a queue of the broker holds; None when it cannot be asked.
QueueDepth = Callable[[str], int | None]


@dataclass
class Swept:
    """What one sweep has done."""

    due: int = 0
    unanswered: int = 0
    gathered: int = 0
    lost: int = 0
    rung: int = 0
    fired: int = 0
    aged: int = 0

    @property
    def left_some(self) -> bool:
        """Whether the next sweep should follow at once."""
        return max(self.due, self.lost) >= JOBS_PER_SWEEP


def sweep(waiting: QueueDepth) -> Swept:
    clock.set_by_database()
    swept = Swept(lost=take_back_lost(), due=queue_due(), rung=ring_again(waiting))
    swept.aged = ageing.age()
    swept.unanswered = queue_unanswered()
    swept.gathered = _each(parts.complete()[:JOBS_PER_SWEEP], parts.go_on)
    parts.stop(parts.unwanted()[:JOBS_PER_SWEEP])
    swept.fired = recurring.fire_due()
    if swept != Swept():
        logger.info("swept: %s", swept)
    return swept


def expire(processes: Collection[UUID]) -> None:
    """The leases of processes that are known to have ended: what they ran is lost now. A process
    that signed off, or lives under another id, is not meant."""
    now = clock.now() - timedelta(microseconds=1)
    alive = Worker.objects.filter(ended_at=None, lease_expires_at__gt=now)
    alive.filter(process__in=processes).update(lease_expires_at=now)


def take_back_lost() -> int:
    """Jobs whose worker has not renewed its lease: lost, and begun again or given up."""
    now = clock.now()
    expired = Q(worker__lease_expires_at__lt=now) | Q(worker=None, lease_expires_at__lt=now)
    rows = Job.objects.filter(expired, state=State.RUNNING)
    ending = Ending(Outcome.LOST, Failure("WorkerLost", "Its worker vanished in the middle of it."))
    found = rows.values_list("pk", "lease_token")[:JOBS_PER_SWEEP]
    leases = {job_id: lease for job_id, lease in found if lease is not None}

    def take_back(job_ids: Sequence[UUID]) -> int:
        ends = [End(job_id, leases[job_id], ending) for job_id in job_ids]
        return sum(job is not None for job in attempts.write(None, ends=ends).ended)

    count = _each(list(leases), take_back)
    gone = Worker.objects.filter(ended_at=None, lease_expires_at__lt=now)
    gone.exclude(Exists(Job.objects.filter(worker=OuterRef("pk"), state=State.RUNNING))).update(
        ended_at=now
    )
    return count


def queue_due() -> int:
    """Scheduled and retrying jobs whose time has come."""
    due = Job.objects.filter(
        state__in=[State.SCHEDULED, State.RETRYING], due_at__lte=clock.now()
    ).order_by("due_at")
    return _each(list(due.values_list("pk", flat=True)[:JOBS_PER_SWEEP]), transitions.queue_due)


def queue_unanswered() -> int:
    """Jobs whose question nobody has answered in time."""
    late = JobQuestion.objects.filter(state=JobQuestion.State.OPEN, expires_at__lte=clock.now())
    found = list(late.order_by("expires_at").values_list("job_id", flat=True)[:JOBS_PER_SWEEP])
    return _each(found, questions.queue_unanswered)


def _each(job_ids: Sequence[UUID], move: Callable[[Sequence[UUID]], int]) -> int:
    """How many were moved, some in a transaction. A job that cannot be does not keep the others
    from it; a database that is away does: it is the sweep that fails then."""
    count, spoilt = 0, False
    for start in range(0, len(job_ids), JOBS_PER_TRANSACTION):
        some = job_ids[start : start + JOBS_PER_TRANSACTION]
        try:
            count += move(some)
        except Exception as error:
            if trouble.reason(error) is not None:
                raise
            spoilt = True
            if len(some) == 1:
                # It will be met again in two seconds.
                _unswept.failed(error, traceback=True, about=str(some[0]))
            else:
                count += sum(_each([job_id], move) for job_id in some)
    if not spoilt and len(job_ids) != 1:
        _unswept.over()
    return count


def ring_again(waiting: QueueDepth) -> int:
    """Jobs that are queued, were rung for a while ago, and have no message in the broker.

    How many have none is the difference between the jobs and the messages of a queue: a long
    queue that workers are busy with is left alone. Messages of jobs that are done already may hide
    a lost one for as long as it takes to skip them. What is paused, or waits
    for others of its key, is rung for when that is over.
    """
    now = clock.now()
    before = now - timedelta(seconds=job_limits().job_ring_again_seconds)
    count, pauses = 0, pausing.known()
    for queue in registry.QUEUES:
        queued = pausing.unpaused(Job.objects.filter(queue=queue, state=State.QUEUED), pauses)
        queued = holding.with_place(queued, JOBS_PER_SWEEP)
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
