"""What happens to a job, each in one transaction: the row, its attempt, the room's log, and at the
end the message in the room. Nothing is told that was not committed, nothing committed is untold.

Called by `actions` (people), `runner` (workers) and `sweeper`. Every function may be raced by any
other: the guarded updates of `Job.move` decide, and who lost writes nothing. A room is locked
before its job is written, everywhere, so that no two transactions wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from jobs import registry
from jobs.limits import job_limits
from jobs.models import SPOILT, WAITING, Attempt, Job, Outcome, State, Step
from rooms.core.log import Logs, writing_in_transaction
from rooms.features.messages.reports import report_in_transaction
from rooms.models import Attachment, Room, User

from . import doorbell, representations
from .message import MESSAGE_KIND
from .verdict import Ending, JobHistory, judge


@dataclass
class JobChange:
    """A job under a transaction that holds the log of its room."""

    job: Job
    logs: Logs

    @property
    def room(self) -> Room | None:
        return self.logs.rooms.get(self.job.room_id or 0)

    def tell(self, seq: int | None = None) -> None:
        if self.room is not None:
            event = {"job": representations.job(self.job)}
            self.logs.append(self.room, "job.changed", event, seq=seq)

    def queued(self) -> dict[str, Any]:
        """The values of a job that enters its queue now; its mover rings."""
        return {"queued_at": self.logs.at, "rung_at": self.logs.at, "due_at": None}

    def reload_steps(self) -> None:
        self.job._prefetched_objects_cache.pop("steps", None)  # type: ignore[attr-defined]


@contextmanager
def changing(job_id: UUID) -> Iterator[JobChange]:
    """Raises Job.DoesNotExist."""
    room_id = Job.objects.values_list("room_id", flat=True).get(pk=job_id)
    rooms = [] if room_id is None else [room_id]
    with transaction.atomic(), writing_in_transaction(rooms) as logs:
        yield JobChange(Job.objects.with_relations().get(pk=job_id), logs)


# Work -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A worker's right to a job, for as long as it renews the lease."""

    job: Job
    lease: UUID


def claim(job_id: UUID, worker: str) -> Claim | None:
    """Begin the next attempt; None when the job is not there to be taken."""
    if not Job.objects.filter(pk=job_id, state=State.QUEUED).exists():
        return None
    lease = uuid4()
    with changing(job_id) as change:
        job, now = change.job, change.logs.at
        won = job.move(
            State.RUNNING,
            attempt=job.attempt + 1,
            lease_token=lease,
            lease_expires_at=now + timedelta(seconds=job_limits().job_lease_seconds),
            started_at=now,
            progress=None,
            error_class="",
            error_message="",
        )
        if not won:
            return None
        Attempt.objects.create(job=job, number=job.attempt, worker=worker[:120], started_at=now)
        change.tell()
    return Claim(job, lease)


def end_attempt(job_id: UUID, lease: UUID, ending: Ending) -> Job | None:
    """Write how an attempt ended and what becomes of the job. None: the lease is somebody else's,
    and nothing was written."""
    with changing(job_id) as change:
        job, now = change.job, change.logs.at
        losses = job.losses + (ending.outcome == Outcome.LOST)
        history = JobHistory(
            job.attempt, job.max_attempts, losses, job.cancel_requested_at is not None
        )
        backoff = partial(registry.delay, job.kind)
        verdict = judge(ending, history, job_limits().job_losses, backoff)
        failure = ending.failure if verdict.state != State.CANCELLED else None
        values: dict[str, Any] = {
            "lease_token": None,
            "lease_expires_at": None,
            "losses": losses,
            "max_attempts": job.max_attempts + verdict.free,
            "progress": ending.progress or job.progress,
            "error_class": failure.error_class if failure else "",
            "error_message": failure.message if failure else "",
        }
        if verdict.state == State.QUEUED:
            values |= change.queued()
        elif verdict.state == State.RETRYING:
            values["due_at"] = now + timedelta(seconds=verdict.delay)
        else:
            values |= {"finished_at": now, "result": ending.result}
        if not job.move(verdict.state, lease=lease, **values):
            return None
        if verdict.state == State.QUEUED:
            doorbell.ring_on_commit([job])
        _end_row(job, ending, now)
        _finish(change, ending.files if verdict.state == State.SUCCEEDED else [])
    return job


def _end_row(job: Job, ending: Ending, now: datetime) -> None:
    failure = ending.failure
    Attempt.objects.filter(job=job, number=job.attempt).update(
        ended_at=now,
        outcome=ending.outcome,
        error_class=failure.error_class if failure else "",
        message=failure.message if failure else "",
        traceback=failure.traceback if failure else "",
        log=ending.log,
    )
    for step in job.steps.all():
        if step.state == Step.State.RUNNING:
            step.state, step.ended_at = Step.State.STOPPED, now
            step.save(update_fields=["state", "ended_at"])


def _finish(change: JobChange, files: list[Attachment]) -> None:
    """Tell the room, and if this was the end leave the one message there."""
    job = change.job
    if files:
        job.files.add(*files)
    change.tell()
    if job.finished and change.room is not None:
        report_in_transaction(
            change.logs,
            change.room,
            job.requested_by,
            summary(job),
            MESSAGE_KIND,
            job.pk,
            files,
            # What an exception says holds names with underscores, not emphasis.
            as_written=job.state == State.FAILED,
        )


def summary(job: Job) -> str:
    """The end of a job in one line."""
    if job.state == State.SUCCEEDED:
        return str((job.result or {}).get("summary") or f"{job.title} is done.")
    if job.state == State.CANCELLED:
        return f"{job.title} was cancelled."
    attempts = f" after {job.attempt} attempts" if job.attempt > 1 else ""
    return f"{job.title} failed{attempts}: {job.error_message or job.error_class}"


# Waiting ----------------------------------------------------------------------------------------


def queue_due(job_id: UUID, *, early: bool = False) -> bool:
    """A scheduled or retrying job whose time has come, or one that is wanted `early`, goes to its
    queue."""
    with changing(job_id) as change:
        job = change.job
        if job.due_at is None or (job.due_at > change.logs.at and not early):
            return False
        due = (State.SCHEDULED, State.RETRYING)
        if not job.move(State.QUEUED, sources=due, **change.queued()):
            return False
        doorbell.ring_on_commit([job])
        change.tell()
    return True


def cancel_waiting(job_id: UUID, by: User | None = None) -> Job | None:
    """A job that no worker has begun ends at once. None: it is running, or ended already."""
    with changing(job_id) as change:
        job, now = change.job, change.logs.at
        won = job.move(
            State.CANCELLED,
            sources=WAITING,
            cancel_requested_at=now,
            cancelled_by=by,
            finished_at=now,
            due_at=None,
            error_class="",
            error_message="",
        )
        if not won:
            return None
        _finish(change, [])
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


def begin_again(job_id: UUID, max_attempts: int) -> Job | None:
    """A failed or cancelled job gets as many attempts again. None: it has not ended so."""
    with changing(job_id) as change:
        job = change.job
        won = job.move(
            State.QUEUED,
            sources=SPOILT,
            max_attempts=job.attempt + max_attempts,
            losses=0,
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
        doorbell.ring_on_commit([job])
        change.tell()
    return job
