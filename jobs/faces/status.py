"""`GET /status`: how things stand with jobs, as numbers, for staff who may view them. A part of
`api`; the figures are those of the admin's first page, see `overview`.
"""

from datetime import datetime
from typing import Any

from ninja import Router
from pydantic import Field

from jobs import hearing, overview, policy
from rooms.core.representations import timestamp
from rooms.database import clock
from rooms.protocol import Forbidden
from rooms.protocol.shapes import Given, Timestamp
from rooms.rest.requests import Request
from rooms.rest.schemas import Problem

from . import pauses
from .pauses import PauseOut

router = Router(tags=["jobs"])


class QueueStatus(Given):
    name: str = Field(examples=["default"])
    waiting: int = Field(examples=[3])
    paused: int = Field(description="of these, how many wait because they are paused", examples=[0])
    oldest_seconds: float = Field(
        description="how long its oldest job that is not paused has waited", examples=[0.4]
    )


class EndedStatus(Given):
    kind: str = Field(examples=["room.report"])
    state: str = Field(examples=["succeeded"])
    number: int = Field(examples=[12])


class QuantilesOut(Given):
    p50: float = Field(description="seconds", examples=[0.2])
    p95: float = Field(description="seconds", examples=[1.7])


class KindTimesOut(Given):
    kind: str = Field(examples=["room.report"])
    number: int = Field(description="of the latest jobs that were looked at", examples=[12])
    waited: QuantilesOut = Field(description="from queued to begun")
    ran: QuantilesOut = Field(description="the last attempt")


class SpanStatus(Given):
    ended: list[EndedStatus]
    times: list[KindTimesOut]


class RunningStatus(Given):
    kind: str = Field(examples=["room.report"])
    number: int = Field(examples=[1])
    since: Timestamp = Field(description="when the first of them was begun")


class WorkerStatus(Given):
    name: str = Field(examples=["celery@host"])
    pid: int = Field(examples=[4711])
    pool: str = Field(examples=["prefork"])
    capacity: int = Field(description="jobs that it can run at once", examples=[1])
    queues: list[str] = Field(examples=[["interactive", "default", "bulk"]])
    started_at: Timestamp
    seen_at: Timestamp = Field(description="when it last renewed its lease")
    done: int = Field(description="attempts that it has ended", examples=[120])
    failed: int = Field(examples=[2])
    mean_seconds: float | None = Field(description="of an attempt", examples=[0.8])
    runs: list[RunningStatus]
    deaf: list[str] = Field(
        description="queues that it says it serves, and has taken no message from although it"
        " could; of its worker as a whole",
        examples=[[]],
    )


class Status(Given):
    at: Timestamp
    unfinished: dict[str, int] = Field(
        description="jobs by state",
        examples=[{"scheduled": 0, "queued": 3, "retrying": 0, "running": 1, "waiting": 0}],
    )
    late_seconds: float = Field(description="of the most overdue job", examples=[0])
    queues: list[QueueStatus]
    pauses: list[PauseOut] = Field(description="queues and kinds of which nothing is begun")
    last_hour: SpanStatus
    last_day: SpanStatus
    workers: list[WorkerStatus]


@router.get("/status", response={200: Status, 403: Problem})
def get_status(request: Request) -> dict[str, Any]:
    """How things stand with all jobs, for staff who may view them."""
    if not policy.runs_the_site(request.user):
        raise Forbidden("This is for staff who may view jobs.")
    now = clock.now()
    since = overview.due_since(now)
    workers = overview.workers(now)
    deaf = hearing.deaf(workers)
    return {
        "at": timestamp(now),
        "unfinished": {str(state): number for state, number in overview.unfinished().items()},
        "late_seconds": _seconds(since, now),
        "queues": [
            {
                "name": queue.name,
                "waiting": queue.waiting,
                "paused": queue.paused,
                "oldest_seconds": _seconds(queue.since, now),
            }
            for queue in overview.queues()
        ],
        "pauses": [pauses.pause(row) for row in overview.pauses()],
        "last_hour": _span(now, overview.HOUR),
        "last_day": _span(now, overview.DAY),
        "workers": [_worker(each, deaf) for each in workers],
    }


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _span(now: datetime, span: Any) -> dict[str, Any]:
    return {
        "ended": [
            {"kind": kind, "state": state, "number": number}
            for (kind, state), number in overview.totals(overview.ended(now, span)).items()
        ],
        "times": [
            {
                "kind": each.kind,
                "number": each.number,
                "waited": each.waited._asdict(),
                "ran": each.ran._asdict(),
            }
            for each in overview.times(now, span)
        ],
    }


def _worker(worker: overview.WorkerNow, deaf: list[hearing.Ear]) -> dict[str, Any]:
    row = worker.row
    return {
        "name": row.name,
        "pid": row.pid,
        "pool": row.pool,
        "capacity": row.capacity,
        "queues": [name for name in row.queues.split(", ") if name],
        "started_at": timestamp(row.started_at),
        "seen_at": timestamp(row.seen_at),
        "done": row.done,
        "failed": row.failed,
        "mean_seconds": row.mean_seconds,
        "runs": [
            {"kind": each.kind, "number": each.number, "since": timestamp(each.since)}
            for each in worker.runs
        ],
        "deaf": [ear.queue for ear in deaf if ear.worker == row.name],
    }
