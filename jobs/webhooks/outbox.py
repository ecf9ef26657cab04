"""Deliveries come to be in the transaction that ends a job: whoever sees the end, sees them.

Called through `lifecycle.ended`. Which webhooks there are is read once a second: one that was made
a moment ago may miss an end, and most sites have none.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from jobs.lifecycle import ended, representations
from jobs.models import Job, State, Webhook
from jobs.submitting import unowned
from jobs.submitting.unowned import UnownedJob
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


def insert_in_transaction(wanted: Sequence[tuple[int, str, dict[str, Any]]]) -> list[Job]:
    """Deliveries: to which webhook, of what type, with what data."""
    at = timestamp(clock.now())
    return unowned.insert_in_transaction(
        KIND,
        [
            UnownedJob({"type": type, "at": at, "data": data}, webhook_id=webhook_id)
            for webhook_id, type, data in wanted
        ],
    )


ended.follow(deliver_in_transaction)
