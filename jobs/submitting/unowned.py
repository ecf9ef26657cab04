"""Jobs that the program itself asks for: of no person, in no room, and bounded by nobody's share.
Called within a transaction, by whoever has decided that they are to be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from jobs import registry
from jobs.lifecycle import doorbell
from jobs.models import NORMAL, Job, State
from rooms.core import statements
from rooms.database import clock


@dataclass(frozen=True)
class UnownedJob:
    """`title`, `queue` and `max_attempts` are the kind's where nothing is said."""

    params: dict[str, Any]
    title: str = ""
    queue: str = ""
    priority: int = NORMAL
    run_at: datetime | None = None
    max_attempts: int = 0
    webhook_id: int | None = None


class _UnownedRow(NamedTuple):
    """Of `Job`."""

    id: UUID
    kind: str
    title: str
    state: State
    params: dict[str, Any]
    queue: str
    priority: int
    created_at: datetime
    run_at: datetime | None
    due_at: datetime | None
    queued_at: datetime | None
    rung_at: datetime | None
    max_attempts: int
    webhook_id: int | None


def insert_in_transaction(kind_name: str, wanted: Sequence[UnownedJob]) -> list[Job]:
    """The jobs as they are then; those that are queued are rung for after the commit."""
    kind, at = registry.get(kind_name), clock.now()
    rows = []
    for each in wanted:
        later = each.run_at is not None and each.run_at > at
        rows.append(
            _UnownedRow(
                uuid4(),
                kind=kind.name,
                title=each.title or kind.title,
                state=State.SCHEDULED if later else State.QUEUED,
                params=each.params,
                queue=each.queue or kind.queue,
                priority=each.priority,
                created_at=at,
                run_at=each.run_at,
                due_at=each.run_at if later else None,
                queued_at=None if later else at,
                rung_at=None if later else at,
                max_attempts=each.max_attempts or kind.max_attempts,
                webhook_id=each.webhook_id,
            )
        )
    statements.insert(Job, rows)
    jobs = [Job(**row._asdict()) for row in rows]
    doorbell.ring_on_commit([job for job in jobs if job.state == State.QUEUED])
    return jobs
