"""Jobs that are parts of another job: it waits for them without a worker, and goes on when the last
of them has ended.

Parts end in transactions of their own, also when they end side by side. So who is waited for is
looked at after each commit, with the waiting job locked: whichever commit was the last one sees
that all have ended. The sweeper looks again, as whoever was to look may have been killed.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from jobs.models import FINISHED, UNFINISHED, Job, JobQuestion, State
from rooms.core import statements

from . import doorbell, ended, transitions
from .changes import JobChange, changing_many, prefetched

logger = logging.getLogger(__name__)

# Of one job, however many times it has some made.
MOST_PARTS = 100
NAME_CHARACTERS = 60


@dataclass(frozen=True)
class Place:
    """Where a part belongs: the `name` under which its job made it, and which of those it is.
    Without a `required` part that succeeds its job has failed."""

    name: str
    position: int
    required: bool

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "position": self.position, "required": self.required}


@dataclass(frozen=True)
class PartResult:
    """How a part ended. `result` is None unless it succeeded; `error` is "" if it did."""

    job_id: UUID
    kind: str
    title: str
    state: State
    result: dict[str, Any] | None
    error: str

    @property
    def succeeded(self) -> bool:
        return self.state == State.SUCCEEDED

    @property
    def summary(self) -> str:
        return str((self.result or {}).get("summary") or self.error or self.state)


class _GoesOn(NamedTuple):
    state: State
    queued_at: Any
    rung_at: Any
    progress: dict[str, Any]
    pk: UUID


class _FurtherOn(NamedTuple):
    progress: dict[str, Any]
    pk: UUID


def result_of(row: Job) -> PartResult:
    state = State(row.state)
    error = row.error_message or row.error_class
    if state == State.CANCELLED:
        error = "It was cancelled."
    return PartResult(row.pk, row.kind, row.title, state, row.result, error)


def made(parent_id: UUID, name: str) -> list[Job]:
    """The parts that a job has made under this name, in their order."""
    rows = Job.objects.filter(parent=parent_id)
    found = [row for row in rows if (row.part or {}).get("name") == name]
    return sorted(found, key=lambda row: (row.part or {}).get("position", 0))


def earlier(job: Job) -> list[PartResult]:
    """How the parts of the same job ended that were made before this one."""
    if job.parent_id is None:
        return []
    rows = Job.objects.filter(
        parent=job.parent_id, created_at__lt=job.created_at, state__in=FINISHED
    )
    return [result_of(row) for row in sorted(rows, key=attrgetter("part_order"))]


# After commits ------------------------------------------------------------------------------------


def settle(jobs: Iterable[Job]) -> None:
    """Have go on what has waited for these, and stop what nobody waits for any more. After the
    commit in which they ended, or began to wait for their own parts."""
    jobs = list(jobs)
    waiting = {job.parent_id for job in jobs if job.parent_id is not None and job.finished}
    waiting |= {job.pk for job in jobs if job.parts and job.state == State.WAITING}
    if waiting:
        go_on(waiting)
    over = [job.pk for job in jobs if job.parts and job.finished]
    if over:
        stop(Job.objects.filter(parent__in=over, state__in=UNFINISHED))


def go_on(job_ids: Collection[UUID]) -> int:
    """Jobs all of whose parts have ended go to their queues; returns how many. Of the others the
    room is told how far they are, and where a required part has not succeeded the rest is
    stopped."""
    moved, told, useless = [], [], []
    queued: list[Job] = []
    with changing_many(job_ids) as changes:
        parts = _parts_of(changes.values())
        asking = _asking(changes)
        for job_id, change in changes.items():
            job, of_it, at = change.job, parts.get(job_id, []), change.logs.at
            if job.state != State.WAITING or job_id in asking or not of_it:
                continue
            going = [row.pk for row in of_it if not row.finished]
            done = len(of_it) - len(going)
            job.progress = {"current": done, "total": len(of_it), "text": "parts"}
            if going:
                told.append(_FurtherOn(job.progress, job_id))
                if any(row.spoilt and (row.part or {}).get("required") for row in of_it):
                    useless += going
            else:
                job.state, job.queued_at, job.rung_at = State.QUEUED, at, at
                moved.append(_GoesOn(State.QUEUED, at, at, job.progress, job_id))
                queued.append(job)
            prefetched(job)["children"] = of_it
            change.tell()
        statements.update(Job, moved)
        statements.update(Job, told)
        doorbell.ring_on_commit(queued)
    if useless:
        stop(Job.objects.filter(pk__in=useless))
    return len(queued)


def _parts_of(changes: Iterable[JobChange]) -> dict[UUID, list[Job]]:
    found: dict[UUID, list[Job]] = {}
    ids = [change.job.pk for change in changes if change.job.parts]
    for row in sorted(statements.select(Job, parent_id=ids), key=attrgetter("part_order")):
        if row.parent_id is not None:
            found.setdefault(row.parent_id, []).append(row)
    return found


def _asking(changes: dict[UUID, JobChange]) -> set[UUID]:
    """Those that wait for people as well."""
    asked = [job_id for job_id, change in changes.items() if change.job.asked]
    rows = statements.select(JobQuestion, job_id=asked)
    return {row.job_id for row in rows if row.state == JobQuestion.State.OPEN}


def stop(jobs: "Iterable[Job]") -> int:
    """Cancel each that has not ended; returns how many were told. One that moves meanwhile is met
    again by the sweeper."""
    count = 0
    for job in jobs:
        moved = transitions.cancel_unclaimed(job.pk) or transitions.ask_to_stop(job.pk)
        count += moved is not None
    return count


# What the sweeper finds ---------------------------------------------------------------------------


def complete() -> "list[UUID]":
    """Jobs that wait although all of their parts have ended."""
    going = Job.objects.filter(parent=OuterRef("pk"), state__in=UNFINISHED)
    asks = JobQuestion.objects.filter(job=OuterRef("pk"), state=JobQuestion.State.OPEN)
    rows = Job.objects.filter(~Exists(going), ~Exists(asks), state=State.WAITING, parts__gt=0)
    return list(rows.values_list("pk", flat=True))


def unwanted() -> list[Job]:
    """Parts that have not ended although their job has."""
    rows = Job.objects.filter(
        state__in=UNFINISHED, parent__isnull=False, parent__state__in=FINISHED
    )
    return list(rows.exclude(cancel_requested_at__isnull=False, state=State.RUNNING))


def _settle_on_commit(jobs: list[Job]) -> None:
    # Most jobs are by themselves.
    found = [job for job in jobs if job.parent_id is not None or job.parts]
    if found:
        transaction.on_commit(partial(settle, found), robust=True)


ended.follow(_settle_on_commit)
