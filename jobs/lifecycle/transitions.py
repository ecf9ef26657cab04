"""What people and time do to a job, each in one transaction: the row and the room's log, and at the
end the message in the room. What workers do is in `attempts`.

Called by `actions` (people) and `sweeper` (time). Every function may be raced by any other: the
guarded updates of `Job.move` decide, and who lost writes nothing.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jobs.models import SPOILT, UNCLAIMED, Job, JobQuestion, State
from rooms.core import statements
from rooms.models import User

from . import doorbell, ended, holding
from .attempts import forget_results
from .changes import JobChange, changing, changing_many
from .telling import finish


class Queued(NamedTuple):
    """What becomes of the row of a job whose time has come."""

    state: State
    queued_at: datetime
    rung_at: datetime
    due_at: None
    pk: UUID


def queue_due(job_ids: Collection[UUID], *, early: bool = False) -> int:
    """Scheduled and retrying jobs whose time has come, or that are wanted `early`, go to their
    queues; returns how many."""
    queued = []
    with changing_many(job_ids) as changes:
        for change in changes.values():
            job, at = change.job, change.logs.at
            if job.state not in (State.SCHEDULED, State.RETRYING) or job.due_at is None:
                continue
            if job.due_at > at and not early:
                continue
            job.state, job.queued_at, job.rung_at, job.due_at = State.QUEUED, at, at, None
            change.tell()
            queued.append(job)
        statements.update(Job, [Queued(State.QUEUED, at, at, None, job.pk) for job in queued])
        doorbell.ring_on_commit(queued)
    return len(queued)


def cancel_unclaimed(job_id: UUID, by: User | None = None) -> Job | None:
    """A job that no worker has ends at once. None: it is running, or ended already."""
    with changing(job_id) as change:
        job, now = change.job, change.logs.at
        won = job.move(
            State.CANCELLED,
            sources=UNCLAIMED,
            cancel_requested_at=now,
            cancelled_by=by,
            finished_at=now,
            due_at=None,
            secret_params=None,
            unique_key=None,
            error_class="",
            error_message="",
        )
        if not won:
            return None
        # Others may have waited for it to be begun first.
        holding.ring_next_on_commit([job])
        if job.asked:
            _withdraw(change)
        forget_results([job])
        ended.tell([job])
        finish(change, [])
    return job


def ask_to_stop(job_id: UUID, by: User | None = None) -> Job | None:
    """A running job is asked to stop: its worker looks once a second. None: it is not running."""
    with changing(job_id) as change:
        job = change.job
        if job.state != State.RUNNING or job.lease_token is None:
            return None
        if job.cancel_requested_at is None:
            asked = {"cancel_requested_at": change.logs.at, "cancelled_by": by}
            if not job.hold(job.lease_token, **asked):
                return None
            job.cancel_requested_at, job.cancelled_by = change.logs.at, by
            change.tell()
    return job


def _withdraw(change: JobChange) -> None:
    """Nobody can answer any more what the job asks."""
    rows = JobQuestion.objects.filter(job=change.job, state=JobQuestion.State.OPEN)
    rows.update(state=JobQuestion.State.WITHDRAWN)
    change.reload("questions")


def begin_again(job_id: UUID, max_attempts: int) -> Job | None:
    """A failed or cancelled job gets as many attempts again, and asks anew what it has to ask: the
    answers were for how things stood then. None: it has not ended so."""
    with changing(job_id) as change:
        job = change.job
        won = job.move(
            State.QUEUED,
            sources=SPOILT,
            max_attempts=job.attempt + max_attempts,
            losses=0,
            asked=0,
            cancel_requested_at=None,
            cancelled_by=None,
            started_at=None,
            finished_at=None,
            progress=None,
            result=None,
            error_class="",
            error_message="",
            **change.queued(),
        )
        if not won:
            return None
        JobQuestion.objects.filter(job=job).delete()
        change.reload("questions")
        if job.parts:
            # Those that succeeded are not done again; the others are made anew.
            parts = Job.objects.filter(parent=job)
            parts.exclude(state=State.SUCCEEDED).update(parent=None, part=None)
            job.parts = parts.count()
            Job.objects.filter(pk=job.pk).update(parts=job.parts)
            change.reload("children")
        doorbell.ring_on_commit([job])
        change.tell()
    return job
