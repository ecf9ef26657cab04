"""The admin's first page: how jobs stand now, for staff who may see jobs, and then the lists.

The theme calls `dashboard` with the page's context. The page asks for itself again while somebody
looks at it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from jobs import hearing, overview, registry
from jobs.models import Job, State

from . import shown
from .plot import plot

RUNNING_SHOWN = 20
FAILURES_SHOWN = 8
KINDS_SHOWN = 10
WORKERS_SHOWN = 100
REASON_CHARACTERS = 200


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    user = request.user
    context.update(
        title="Overview",
        now=timezone.now(),
        may_see_connections=user.has_perm("rooms.view_connections"),
    )
    if user.has_perm("jobs.view_job"):
        context["jobs"] = jobs_now(may_see_rooms=user.has_perm("rooms.view_room"))
    return context


def jobs_now(*, may_see_rooms: bool) -> dict[str, Any]:
    now = timezone.now()
    hour = overview.ended(now, overview.HOUR)
    day = overview.ended(now, overview.DAY)
    counts = overview.unfinished()
    running = overview.running_jobs(RUNNING_SHOWN)
    workers = overview.workers(now)
    deaf = hearing.deaf(workers)
    return {
        "counts": [(state, state.label.capitalize(), number) for state, number in counts.items()],
        "ended": [
            (state, f"{state.label.capitalize()}, last day", number(day, state))
            for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)
        ],
        "queues": [
            (queue, shown.between(queue.since, max(now, queue.since)) if queue.since else "–")
            for queue in overview.queues()
        ],
        "pauses": overview.pauses(),
        "late": shown.between(overview.due_since(now), now),
        "running": [running_row(job, now) for job in running],
        "running_number": counts[State.RUNNING],
        "failures": [failure(job) for job in overview.last_failures(now, FAILURES_SHOWN)],
        "kinds": failing(hour, day),
        "times": [times_row(each) for each in overview.times(now, overview.HOUR)],
        "workers": [worker_row(each, deaf, now) for each in workers[:WORKERS_SHOWN]],
        "plots": [
            plot("The last hour", hour, now, timedelta(minutes=1), 60),
            plot("The last day", day, now, timedelta(hours=1), 24),
        ],
        "may_see_rooms": may_see_rooms,
    }


def number(ends: list[overview.EndedJobs], state: State) -> int:
    return sum(end.number for end in ends if end.state == state)


def running_row(job: Job, now: Any) -> dict[str, Any]:
    said = job.progress or {}
    attempts = getattr(job, "open_attempts", [])
    return {
        "job": job,
        "page": shown.page(job),
        "worker": shown.worker(attempts),
        "since": shown.took(job, now),
        "progress": shown.progress(job),
        "said": said.get("text") or "",
        "stopping": job.cancel_requested_at is not None,
    }


def worker_row(
    worker: overview.WorkerNow, deaf: list[hearing.Ear], now: datetime
) -> dict[str, Any]:
    row, mean = worker.row, worker.row.mean_seconds
    return {
        "row": row,
        "runs": [
            (title_of(each.kind), each.number, shown.between(each.since, max(now, each.since)))
            for each in worker.runs
        ],
        "busy": worker.busy,
        "deaf": ", ".join(ear.queue for ear in deaf if ear.worker == row.name),
        "mean": shown.NOTHING if mean is None else shown.duration(mean),
        "heard": shown.between(row.seen_at, max(now, row.seen_at)),
        "up": shown.between(row.started_at, max(now, row.started_at)),
    }


def times_row(times: overview.KindTimes) -> dict[str, Any]:
    return {
        "kind": times.kind,
        "title": title_of(times.kind),
        "number": times.number,
        "seconds": [shown.duration(seconds) for seconds in (*times.waited, *times.ran)],
    }


def title_of(kind: str) -> str:
    declared = registry.find(kind)
    return declared.title if declared else kind


def failure(job: Job) -> dict[str, Any]:
    reason = shown.reason(job.error_class, job.error_message)
    if len(reason) > REASON_CHARACTERS:
        reason = reason[:REASON_CHARACTERS] + "…"
    return {
        "job": job,
        "page": shown.page(job),
        "at": shown.moment(job.finished_at),
        "reason": reason,
    }


def failing(hour: list[overview.EndedJobs], day: list[overview.EndedJobs]) -> list[dict[str, Any]]:
    """Each kind that failed within a day, with "failed of ended" of the hour and of the day."""
    of_hour = overview.failing_kinds(hour)
    totals: dict[str, int] = {}
    for end in hour:
        totals[end.kind] = totals.get(end.kind, 0) + end.number
    rows = []
    for kind, numbers in list(overview.failing_kinds(day).items())[:KINDS_SHOWN]:
        rows.append(
            {
                "kind": kind,
                "title": title_of(kind),
                "hour": of_hour.get(kind, (0, totals.get(kind, 0))),
                "day": numbers,
            }
        )
    return rows
