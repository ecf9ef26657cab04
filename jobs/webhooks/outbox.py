"""Deliveries come to be in the transaction that ends a job: whoever sees the end, sees them.

Called through `lifecycle.ended`. Which webhooks there are is read once a second: one that was made
a moment ago may miss an end, and most sites have none.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from jobs import registry
from jobs.lifecycle import doorbell, ended, representations
from jobs.models import NORMAL, Job, State, Webhook
from rooms.core import statements
from rooms.core.representations import timestamp
from rooms.database import clock

KIND = "jobs.webhook"
LOOK_SECONDS = 1.0
TEST = "webhook.test"


class WebhookFilter(NamedTuple):
    """What of a webhook decides whether it is told."""

    id: int
    scope: str
    room_id: int | None
    kind: str
    only_failures: bool

    def hears(self, job: Job) -> bool:
        if self.only_failures and job.state != State.FAILED:
            return False
        if self.kind and self.kind != job.kind:
            return False
        if self.scope == Webhook.Scope.OWN:
            return job.webhook_id == self.id
        return self.scope == Webhook.Scope.SITE or job.room_id == self.room_id


class _Delivery(NamedTuple):
    """A row of `Job`."""

    id: UUID
    kind: str
    title: str
    state: State
    params: dict[str, Any]
    queue: str
    priority: int
    created_at: datetime
    queued_at: datetime
    rung_at: datetime
    max_attempts: int
    webhook_id: int


_known: tuple[float, list[WebhookFilter]] = (float("-inf"), [])


def listeners() -> list[WebhookFilter]:
    global _known
    read_at, found = _known
    if time.monotonic() - read_at >= LOOK_SECONDS:
        rows = Webhook.objects.filter(disabled_at=None).order_by("pk")
        found = [WebhookFilter(*row) for row in rows.values_list(*WebhookFilter._fields)]
        _known = (time.monotonic(), found)
    return found


def forget() -> None:
    """Something has changed here: this process looks again at once."""
    global _known
    _known = (float("-inf"), [])


def deliver_in_transaction(jobs: Iterable[Job]) -> None:
    """Of jobs that end in this transaction."""
    over = [job for job in jobs if job.finished and job.kind != KIND]
    if not over:
        return
    there = listeners()
    wanted = [(each, job) for job in over for each in there if each.hears(job)]
    if not wanted:
        return
    shown = {job.pk: representations.job(job) for _, job in wanted}
    insert_in_transaction([(each.id, f"job.{job.state}", shown[job.pk]) for each, job in wanted])


def insert_in_transaction(wanted: Sequence[tuple[int, str, dict[str, Any]]]) -> list[UUID]:
    """Deliveries: to which webhook, of what type, with what data. Rung for after the commit."""
    kind, at = registry.get(KIND), clock.now()
    rows = [
        _Delivery(
            uuid4(),
            kind=KIND,
            title=kind.title,
            state=State.QUEUED,
            params={"type": type, "at": timestamp(at), "data": data},
            queue=kind.queue,
            priority=NORMAL,
            created_at=at,
            queued_at=at,
            rung_at=at,
            max_attempts=kind.max_attempts,
            webhook_id=webhook_id,
        )
        for webhook_id, type, data in wanted
    ]
    statements.insert(Job, rows)
    doorbell.ring_on_commit([Job(**row._asdict()) for row in rows])
    return [row.id for row in rows]


ended.follow(deliver_in_transaction)
