"""Which queues and kinds are paused, and what of the queued jobs therefore waits.

The claim reads the rows in the statement that locks its jobs. On PostgreSQL it holds a lock by then
that whoever pauses takes alone: a pause waits for the claims that are under way, and those after it
see it. (On SQLite one transaction writes at a time anyway.) Called by `changes`, by the actions
that pause, and by whoever measures queues.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet

from jobs import registry
from jobs.models import Job, Pause, State
from rooms.database import clock

# Of the advisory lock, which is the database's own: any number that nobody else takes.
LOCK = 0x6A6F_6273
SHARED_LOCK = f"pg_advisory_xact_lock_shared({LOCK})"
IS_PAUSED = (
    "EXISTS (SELECT 1 FROM jobs_pause WHERE resumed_at IS NULL AND (target = 'kind'"
    " AND name = jobs_job.kind OR target = 'queue' AND name = jobs_job.queue))"
)
# For so long the jobs of a pause that is over are not taken for late: they waited for its end.
REMEMBERED = timedelta(days=1)


def alone_in_transaction() -> None:
    """No claim is under way from here to the end of the transaction. Before any other lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@dataclass(frozen=True)
class Pauses:
    """What is paused, and since when what was paused lately goes on."""

    queues: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    resumed: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.queues or self.kinds or self.resumed)

    def holds(self, queue: str, kind: str) -> bool:
        return queue in self.queues or kind in self.kinds

    def since(self, queue: str, kind: str, queued_at: datetime) -> datetime:
        """From when on a job of these, which is not paused now, has waited for a worker."""
        ends = (self.resumed.get(("queue", queue)), self.resumed.get(("kind", kind)))
        return max([queued_at, *(end for end in ends if end is not None)])


@dataclass
class WaitingJobs:
    """The queued jobs of a queue: how many, how many of them because of a pause, and since when the
    oldest of the others has waited; but for those that wait for others of their key."""

    number: int = 0
    paused: int = 0
    since: datetime | None = None


def known() -> Pauses:
    rows = Pause.objects.filter(
        Q(resumed_at=None) | Q(resumed_at__gt=clock.now() - REMEMBERED)
    ).values_list("target", "name", "resumed_at")
    queues, kinds, resumed = set(), set(), {}
    for target, name, at in rows.order_by("resumed_at"):
        if at is not None:
            resumed[str(target), name] = at
        elif target == Pause.Target.QUEUE:
            queues.add(name)
        else:
            kinds.add(name)
    return Pauses(frozenset(queues), frozenset(kinds), resumed)


def waiting(queues: Iterable[str] = ()) -> dict[str, WaitingJobs]:
    """By queue, of these or of all that have any."""
    rows = Job.objects.filter(state=State.QUEUED).order_by()
    # Those that wait for others like them say nothing of the workers, but a queue's own index does
    # not know which they are.
    with_keys = {kind.queue for kind in registry.known() if kind.at_once is not None}
    keyless = Q() if with_keys.isdisjoint(queues or with_keys) else Q(hold_key=None)
    if queues:
        rows = rows.filter(queue__in=list(queues))
    pauses = known()
    # Without a pause the index has all of it; the kind stands in the wide rows.
    names = ("queue", "kind") if pauses else ("queue",)
    found: dict[str, WaitingJobs] = {}
    for row in rows.values(*names).annotate(
        number=Count("pk"), first=Min("queued_at", filter=keyless or None)
    ):
        queue, kind, since = row["queue"], row.get("kind", ""), row["first"]
        each = found.setdefault(queue, WaitingJobs())
        each.number += row["number"]
        if pauses.holds(queue, kind):
            each.paused += row["number"]
        elif since is not None:
            since = pauses.since(queue, kind, since)
            each.since = since if each.since is None else min(each.since, since)
    return found


def unpaused(jobs: QuerySet[Job], pauses: Pauses) -> QuerySet[Job]:
    """Those that may be begun, for all that pauses say."""
    if pauses.queues:
        jobs = jobs.exclude(queue__in=pauses.queues)
    if pauses.kinds:
        jobs = jobs.exclude(kind__in=pauses.kinds)
    return jobs


def is_paused(job: Job) -> bool:
    """Whether it waits in its queue because of a pause."""
    return job.state == State.QUEUED and known().holds(job.queue, job.kind)
