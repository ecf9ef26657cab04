"""What staff do to all jobs that match a filter: cancel, retry, queue now, delete. Called by the
kinds in `kinds.many`, a slice after the other, and by the admin for its preview.

Each job is moved by the same guarded functions as from its own page; one that is not, or not any
more, in a state for it is skipped. Whoever asks is asked for their rights with each slice.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from jobs import registry
from jobs.lifecycle import doorbell, removal, transitions
from jobs.limits import job_limits
from jobs.models import FINISHED, SPOILT, UNFINISHED, Job, State
from rooms.core import lookup, policy
from rooms.core.policy import Facts
from rooms.database import clock
from rooms.models import User
from rooms.protocol import Refusal

from . import admission

# More are not counted beforehand.
MOST_COUNTED = 100_000


class Matching(BaseModel):
    """Which jobs are meant. What is left out does not matter."""

    model_config = ConfigDict(extra="forbid")

    states: list[State] = []
    kind: str | None = Field(None, max_length=80)
    room: int | None = Field(None, description="the room's id")
    requested_by: int | None = Field(None, description="a user's id")
    created_from: AwareDatetime | None = None
    created_until: AwareDatetime | None = Field(
        None, description="jobs that come later are not touched"
    )

    def rows(self) -> "QuerySet[Job]":
        rows = Job.objects.all()
        if self.states:
            rows = rows.filter(state__in=self.states)
        if self.kind is not None:
            rows = rows.filter(kind=self.kind)
        if self.room is not None:
            rows = rows.filter(room=self.room)
        if self.requested_by is not None:
            rows = rows.filter(requested_by=self.requested_by)
        if self.created_from is not None:
            rows = rows.filter(created_at__gte=self.created_from)
        if self.created_until is not None:
            rows = rows.filter(created_at__lte=self.created_until)
        return rows


class Verb(NamedTuple):
    """`states`: of jobs to which it can be done. `act` does it, and returns to how many."""

    states: tuple[State, ...]
    act: Callable[[User, Sequence[UUID]], int]
    # "12 jobs …"
    done: str


def refusal(user: User, rule: str) -> Refusal | None:
    """By what the database says of them now."""
    fresh = User.objects.filter(pk=user.pk, is_active=True).first()
    permissions = lookup.staff_permissions(fresh) if fresh is not None else ()
    return policy.refusal(rule, Facts(permissions=permissions))


def suitable(verb: str, wanted: Matching) -> "QuerySet[Job]":
    """Those that match, and are in a state for it."""
    return wanted.rows().filter(state__in=VERBS[verb].states)


def count(verb: str, wanted: Matching) -> int:
    """Of those, `MOST_COUNTED` + 1 for any more."""
    return suitable(verb, wanted).order_by()[: MOST_COUNTED + 1].count()


def slices(verb: str, wanted: Matching, but: UUID) -> Iterator[list[UUID]]:
    """From the newest on, each job once; `but` is the job that does it."""
    rows = suitable(verb, wanted).exclude(pk=but).order_by("-created_at", "-pk")
    last: tuple[object, UUID] | None = None
    while True:
        some = rows
        if last is not None:
            at, pk = last
            some = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
            # For the index: an alternative alone is none to begin at.
            some = some.filter(created_at__lte=at)
        found = list(some.values_list("created_at", "pk")[: removal.JOBS_PER_SLICE])
        if not found:
            return
        yield [pk for _, pk in found]
        last = found[-1]


def act(verb: str, user: User, job_ids: Sequence[UUID]) -> int:
    """To how many it was done. Raises Busy when a queue is full."""
    return VERBS[verb].act(user, job_ids)


def _cancel(user: User, job_ids: Sequence[UUID]) -> int:
    done = 0
    for job_id in job_ids:
        try:
            moved = transitions.cancel_unclaimed(job_id, user)
            moved = moved or transitions.ask_to_stop(job_id, user)
        except Job.DoesNotExist:
            moved = None
        done += moved is not None
    return done


def _retry(user: User, job_ids: Sequence[UUID]) -> int:
    done = 0
    limits, now = job_limits(), clock.now()
    for job in Job.objects.filter(pk__in=job_ids).select_related("room").order_by("created_at"):
        kind = registry.find(job.kind)
        archived = job.room is not None and job.room.archived_at is not None
        if kind is None or kind.has_secret_params or archived:
            continue
        admission.require_room(admission.loads([kind.queue])[kind.queue], now, limits)
        try:
            done += transitions.begin_again(job.pk, kind.max_attempts) is not None
        except Job.DoesNotExist:
            continue
    return done


def _requeue(user: User, job_ids: Sequence[UUID]) -> int:
    queued = Job.objects.filter(pk__in=job_ids, state=State.QUEUED)
    waiting = list(queued)
    queued.update(rung_at=clock.now())
    doorbell.ring(waiting)
    others = set(job_ids) - {job.pk for job in waiting}
    return len(waiting) + (transitions.queue_due(others, early=True) if others else 0)


def _delete(user: User, job_ids: Sequence[UUID]) -> int:
    return removal.remove(job_ids, clock.now() + timedelta(microseconds=1))


VERBS: dict[str, Verb] = {
    "cancel": Verb(UNFINISHED, _cancel, "cancelled or asked to stop"),
    "retry": Verb(SPOILT, _retry, "queued again"),
    "requeue": Verb(
        (State.SCHEDULED, State.QUEUED, State.RETRYING), _requeue, "queued now, or rung for again"
    ),
    "delete": Verb(FINISHED, _delete, "deleted"),
}
