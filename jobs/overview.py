"""How things stand with jobs, as numbers: what waits, how late it is, what runs, what ended lately.
Read by `/metrics`, `GET /status`, the admin's first page, and those who wait for a job.

Every query finds its rows by an index: those that wait or run, or those that ended within the
span asked for. The history is never walked; a test has the databases explain each query.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Min, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncHour, TruncMinute

from .lifecycle import pausing
from .models import UNFINISHED, Attempt, Job, Pause, State, Worker
from .models.workers import ALIVE
from .registry import QUEUES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Queue:
    """`since`: from when on its oldest job has waited for a worker. Of those that wait, `paused`
    do so because they or the queue are: their age says nothing of the workers."""

    name: str
    waiting: int
    since: datetime | None
    paused: int = 0


@dataclass(frozen=True)
class EndedJobs:
    """How many jobs of one kind ended in one state, in the minute or hour that begins at `at`."""

    at: datetime
    state: str
    kind: str
    number: int


class RunningKind(NamedTuple):
    """`number` jobs of one kind that a process runs, the oldest of them since `since`."""

    kind: str
    number: int
    since: datetime


@dataclass(frozen=True)
class WorkerNow:
    """A process that runs jobs, and what it runs, those begun first before the others."""

    row: Worker
    runs: list[RunningKind]

    @property
    def busy(self) -> int:
        return sum(each.number for each in self.runs)


class Quantiles(NamedTuple):
    """In seconds."""

    p50: float
    p95: float


class KindTimes(NamedTuple):
    """Of `number` jobs: how long they waited in their queue, and how long their last attempt ran,
    both before their end."""

    kind: str
    number: int
    waited: Quantiles
    ran: Quantiles


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


def waiting() -> int:
    """How many jobs wait for an answer."""
    return Job.objects.filter(state=State.WAITING).count()


def queues() -> list[Queue]:
    """Every queue there is, and every one that has a job."""
    found = {
        name: Queue(name, each.number, each.since, each.paused)
        for name, each in pausing.waiting().items()
    }
    return [found.get(name) or Queue(name, 0, None) for name in sorted({*QUEUES, *found})]


def pauses() -> list[Pause]:
    """What is paused now, the latest first."""
    return list(Pause.objects.filter(resumed_at=None).select_related("paused_by"))


def paused() -> list[tuple[str, str]]:
    """Target and name of what is paused now."""
    return list(Pause.objects.filter(resumed_at=None).order_by().values_list("target", "name"))


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


def workers(now: datetime) -> list[WorkerNow]:
    """The processes whose lease holds, by name."""
    rows = list(Worker.objects.filter(ALIVE).order_by("name", "pid"))
    running = Job.objects.filter(state=State.RUNNING, worker__in=[row.pk for row in rows])
    sums = running.order_by().values("worker_id", "kind")
    runs: dict[UUID, list[RunningKind]] = {row.pk: [] for row in rows}
    for each in sums.annotate(number=Count("pk"), since=Min("started_at")):
        found = RunningKind(each["kind"], each["number"], each["since"] or now)
        runs[each["worker_id"]].append(found)
    return [WorkerNow(row, sorted(runs[row.pk], key=lambda each: each.since)) for row in rows]


def ended(now: datetime, span: timedelta) -> list[EndedJobs]:
    """What ended within `span`: by the minute up to an hour, else by the hour (of UTC)."""
    trunc = MinuteOf if span <= HOUR else HourOf
    rows = ended_since(now - span).order_by().annotate(at=trunc("finished_at", tzinfo=UTC))
    # Grouped by columns, SQLite would go through the whole index by state, for the order it has.
    # Nothing is asked for that is not in the index by end: the rows themselves are wide.
    sums = rows.values("at", of_state=_value("state"), of_kind=_value("kind"))
    sums = sums.annotate(number=Count("*"))
    return [EndedJobs(row["at"], row["of_state"], row["of_kind"], row["number"]) for row in sums]


# Of one span: enough for a 95th percentile of each kind that matters, and read in milliseconds.
TIMES_SAMPLED = 2_000


def times(now: datetime, span: timedelta) -> list[KindTimes]:
    """How long the jobs that ended last within `span` waited and ran, by kind."""
    ends = ended_since(now - span).filter(started_at__isnull=False, queued_at__isnull=False)
    moments = ("kind", "queued_at", "started_at", "finished_at")
    rows: Iterable[Any] = ends.order_by("-finished_at").values_list(*moments)[:TIMES_SAMPLED]
    waited: dict[str, list[float]] = {}
    ran: dict[str, list[float]] = {}
    for kind, queued, started, finished in rows:
        waited.setdefault(kind, []).append(max(0.0, (started - queued).total_seconds()))
        ran.setdefault(kind, []).append(max(0.0, (finished - started).total_seconds()))
    return [
        KindTimes(kind, len(waited[kind]), quantiles(waited[kind]), quantiles(ran[kind]))
        for kind in sorted(waited)
    ]


def quantiles(seconds: list[float]) -> Quantiles:
    """Of at least one. Pure."""
    ordered = sorted(seconds)
    return Quantiles(*(ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95)))


def _value(column: str) -> Coalesce:
    return Coalesce(column, Value(""))


def last_failures(now: datetime, most: int) -> list[Job]:
    """Of the last day, the latest first. What it is not is excluded, as a wanted state would lead
    SQLite to the index by state, and through every failure there ever was."""
    rows = ended_since(now - DAY).exclude(state__in=[State.SUCCEEDED, State.CANCELLED])
    return list(rows.select_related("room").order_by("-finished_at")[:most])


def ended_since(since: datetime) -> QuerySet[Job]:
    return Job.objects.filter(finished_at__gte=since)


def totals(ends: Iterable[EndedJobs]) -> dict[tuple[str, str], int]:
    """How many ended, by kind and state. Pure."""
    sums: dict[tuple[str, str], int] = {}
    for end in ends:
        sums[end.kind, end.state] = sums.get((end.kind, end.state), 0) + end.number
    return dict(sorted(sums.items()))


def failing_kinds(ends: Iterable[EndedJobs]) -> dict[str, tuple[int, int]]:
    """Of each kind that failed: how often, of how many that ended. Worst first. Pure."""
    sums: dict[str, tuple[int, int]] = {}
    for end in ends:
        failed, total = sums.get(end.kind, (0, 0))
        bad = end.number if end.state == State.FAILED else 0
        sums[end.kind] = (failed + bad, total + end.number)
    worst = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    return {kind: numbers for kind, numbers in worst if numbers[0]}
