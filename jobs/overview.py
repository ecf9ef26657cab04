"""How things stand with jobs, as numbers: what waits, how late it is, what runs, what ended lately.
Read by `/metrics`, by the admin's first page, and by those who wait for a job.

Every query finds its rows by an index: those that wait or run, or those that ended within the
span asked for. The history is never walked; a test has the databases explain each query.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncHour, TruncMinute

from .models import UNFINISHED, Attempt, Job, State
from .registry import QUEUES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Queue:
    """`since`: from when on its oldest job has waited."""

    name: str
    waiting: int
    since: datetime | None


@dataclass(frozen=True)
class EndedJobs:
    """How many jobs of one kind ended in one state, in the minute or hour that begins at `at`."""

    at: datetime
    state: str
    kind: str
    number: int


class HourOf(TruncHour):
    """In UTC. Django's own calls Python for every row on SQLite."""

    form = "%%Y-%%m-%%d %%H:00:00"

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        return f"strftime('{self.form}', {sql})", list(params)


class MinuteOf(TruncMinute):
    form = "%%Y-%%m-%%d %%H:%%M:00"
    as_sqlite = HourOf.as_sqlite


def unfinished() -> dict[State, int]:
    """How many jobs are in each of the states that are not the end."""
    rows = Job.objects.filter(state__in=UNFINISHED).order_by().values("state")
    found = {row["state"]: row["number"] for row in rows.annotate(number=Count("pk"))}
    return {state: found.get(state, 0) for state in UNFINISHED}


def running() -> int:
    return Job.objects.filter(state=State.RUNNING).count()


def queues() -> list[Queue]:
    """Every queue there is, and every one that has a job."""
    rows = Job.objects.filter(state=State.QUEUED).order_by().values("queue")
    rows = rows.annotate(number=Count("pk"), since=Min("queued_at"))
    found = {row["queue"]: Queue(row["queue"], row["number"], row["since"]) for row in rows}
    return [found.get(name) or Queue(name, 0, None) for name in sorted({*QUEUES, *found})]


# Whoever waits wants to know whether it is three or a hundred, not whether it is 812 or 813.
MOST_AHEAD = 100


def ahead_of(job: Job) -> int | None:
    """How many jobs of its queue are taken before this one, `MOST_AHEAD` + 1 for more than that;
    None: it does not wait in a queue. Priority first, then who came first: what begins meanwhile,
    and brokers that know fewer priorities than ten, may change it."""
    if job.state != State.QUEUED:
        return None
    sooner = Q(priority__lt=job.priority)
    if job.queued_at is not None:
        sooner |= Q(priority=job.priority, queued_at__lt=job.queued_at)
    rows = Job.objects.filter(sooner, state=State.QUEUED, queue=job.queue).order_by()
    return rows[: MOST_AHEAD + 1].count()


def due_since(now: datetime) -> datetime | None:
    """When the most overdue scheduled or retrying job was due. None: no job is late."""
    due = Job.objects.filter(state__in=[State.SCHEDULED, State.RETRYING], due_at__lte=now)
    since: datetime | None = due.aggregate(since=Min("due_at"))["since"]
    return since


def running_jobs(most: int) -> list[Job]:
    """The running jobs that were begun first, each with its open attempt as `open_attempts`."""
    attempts = Prefetch("attempts", Attempt.objects.filter(outcome=""), to_attr="open_attempts")
    rows = Job.objects.filter(state=State.RUNNING).order_by("started_at")
    return list(rows.select_related("room", "requested_by").prefetch_related(attempts)[:most])


def ended(now: datetime, span: timedelta) -> list[EndedJobs]:
    """What ended within `span`: by the minute up to an hour, else by the hour (of UTC)."""
    trunc = MinuteOf if span <= HOUR else HourOf
    rows = ended_since(now - span).order_by().annotate(at=trunc("finished_at", tzinfo=UTC))
    # Grouped by columns, SQLite would go through the whole index by state, for the order it has.
    # Nothing is asked for that is not in the index by end: the rows themselves are wide.
    sums = rows.values("at", of_state=_value("state"), of_kind=_value("kind"))
    sums = sums.annotate(number=Count("*"))
    return [EndedJobs(row["at"], row["of_state"], row["of_kind"], row["number"]) for row in sums]


def _value(column: str) -> Coalesce:
    return Coalesce(column, Value(""))


def last_failures(now: datetime, most: int) -> list[Job]:
    """Of the last day, the latest first. What it is not is excluded, as a wanted state would lead
    SQLite to the index by state, and through every failure there ever was."""
    rows = ended_since(now - DAY).exclude(state__in=[State.SUCCEEDED, State.CANCELLED])
    return list(rows.select_related("room").order_by("-finished_at")[:most])


def ended_since(since: datetime) -> QuerySet[Job]:
    return Job.objects.filter(finished_at__gte=since)


def failing_kinds(ends: Iterable[EndedJobs]) -> dict[str, tuple[int, int]]:
    """Of each kind that failed: how often, of how many that ended. Worst first. Pure."""
    sums: dict[str, tuple[int, int]] = {}
    for end in ends:
        failed, total = sums.get(end.kind, (0, 0))
        bad = end.number if end.state == State.FAILED else 0
        sums[end.kind] = (failed + bad, total + end.number)
    worst = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    return {kind: numbers for kind, numbers in worst if numbers[0]}
