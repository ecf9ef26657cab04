"""Jobs under a transaction that holds the logs of their rooms.

A room is locked before its jobs are, everywhere, and both in the order of their ids, so that no two
transactions wait for each other.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs.models import Job, JobQuestion, Step
from rooms.core import statements
from rooms.core.log import Logs, writing_in_transaction
from rooms.database import clock
from rooms.models import Room, User

from . import pausing, representations


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

    def reload(self, relation: str) -> None:
        """What was read of the job's steps or questions is not so any more."""
        prefetched(self.job).pop(relation, None)


@contextmanager
def changing(job_id: UUID) -> Iterator[JobChange]:
    """One job, not locked itself: it is moved by guarded updates. Raises Job.DoesNotExist."""
    room_id = Job.objects.values_list("room_id", flat=True).get(pk=job_id)
    rooms = [] if room_id is None else [room_id]
    with transaction.atomic(), writing_in_transaction(rooms, at=clock.now()) as logs:
        yield JobChange(Job.objects.with_relations().get(pk=job_id), logs)


@contextmanager
def changing_many(
    job_ids: Collection[UUID],
    room_ids: Mapping[UUID, int | None] | None = None,
    *,
    claims: bool = False,
) -> Iterator[dict[UUID, JobChange]]:
    """Jobs by id, locked until the end of the transaction; those that are gone are missing. The
    rooms of some may be known already: a job never comes into another one, but may lose its own.
    With `claims` those whose rooms are not known are to be claimed: each job says in `is_paused`
    whether it may not be, and nothing of them is paused until the transaction is over.

    The statements are put together by hand: this is the path of every job."""
    known = dict(room_ids or {})
    unknown = [job_id for job_id in job_ids if job_id not in known]
    with transaction.atomic():
        for row in statements.select(
            Job, only=("id", "room_id"), also=_claim_lock() if claims else (), id=unknown
        ):
            known[row.pk] = row.room_id
        rooms = {room_id for job_id in job_ids if (room_id := known.get(job_id)) is not None}
        with _changing(job_ids, rooms, claims=claims) as changes:
            yield changes


def _claim_lock() -> statements.Expressions:
    on_postgresql = transaction.get_connection().vendor == "postgresql"
    return (("claim_lock", pausing.SHARED_LOCK),) if on_postgresql else ()


@contextmanager
def _changing(
    job_ids: Collection[UUID], rooms: Collection[int], *, claims: bool
) -> Iterator[dict[UUID, JobChange]]:
    with writing_in_transaction(rooms, at=clock.now()) as logs:
        also = (("is_paused", pausing.IS_PAUSED),) if claims else ()
        jobs = statements.select(Job, lock=True, also=also, id=set(job_ids))
        _attach_relations([job for job in jobs if job.room_id in logs.rooms], logs)
        yield {job.pk: JobChange(job, logs) for job in jobs}


def _attach_relations(jobs: list[Job], logs: Logs) -> None:
    """What a room is shown of its unfinished jobs."""
    if not jobs:
        return
    # Few jobs have parts.
    parts = statements.select(Job, parent_id=[job.pk for job in jobs if job.parts])
    # Few jobs ask: those that have not cost no statement.
    asked = statements.select(JobQuestion, job_id=[job.pk for job in jobs if job.asked])
    questions = sorted(asked, key=lambda question: question.asked_at)
    wanted = {job.requested_by_id for job in jobs} | {job.cancelled_by_id for job in jobs}
    wanted |= {question.answered_by_id for question in questions}
    people = {user.pk: user for user in statements.select(User, id=wanted - {None})}
    begun = [job.pk for job in jobs if job.attempt]
    steps = sorted(statements.select(Step, job_id=begun), key=lambda step: step.position)
    for question in questions:
        question.answered_by = people.get(question.answered_by_id or 0)
    for job in jobs:
        job.room = logs.rooms[job.room_id or 0]
        job.requested_by = people.get(job.requested_by_id or 0)
        job.cancelled_by = people.get(job.cancelled_by_id or 0)
        cached = prefetched(job)
        cached["steps"] = [step for step in steps if step.job_id == job.pk]
        cached["questions"] = [each for each in questions if each.job_id == job.pk]
        cached["children"] = [each for each in parts if each.parent_id == job.pk]
        # A job has files when it has succeeded, and is not begun again then.
        cached["files"] = []


def prefetched(job: Job) -> dict[str, Any]:
    """What `prefetch_related` has read or would have."""
    if not hasattr(job, "_prefetched_objects_cache"):
        job._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    return job._prefetched_objects_cache  # type: ignore[attr-defined,no-any-return]
