"""Submits the jobs of schedules whose time has come. Called by each sweep, on the database's clock.

A time is fired in one transaction with the step to the next one, under the lock of the schedule's
row, so that of any number of sweepers one does it; that the pair of schedule and time is unique
among jobs holds whatever happens. The job goes through the same gate as everybody's. What is
refused for load is tried again by the next sweep; what is refused for good pauses the schedule and
says why.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from jobs import registry
from jobs.limits import job_limits
from jobs.models import CatchUp, Schedule
from jobs.scheduling import actions, times
from jobs.submitting.actions import Submission, submit
from rooms.core.log import writing_in_transaction
from rooms.core.outages import Outage
from rooms.database import clock, trouble
from rooms.models import Membership
from rooms.protocol import Busy, NotFound, Refusal

logger = logging.getLogger(__name__)
_unfired = Outage(logger, "A schedule could not be fired", level=logging.ERROR)

# Work of one sweep, so that lost jobs and due ones do not wait for it.
TIMES_PER_SWEEP = 500
SCHEDULES_READ = 5_000


@dataclass
class _Refused:
    """Who, and which queues, are not asked again in this sweep: the answer would be the same."""

    owners: set[int | None] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)

    def add(self, owner: int | None, queue: str, refusal: Refusal) -> None:
        if isinstance(refusal, Busy):
            self.queues.add(queue)
        else:
            self.owners.add(owner)


def fire_due() -> int:
    """How many jobs were submitted. The schedules that are late longest come first."""
    now = clock.now()
    due = Schedule.objects.filter(next_run_at__lte=now).order_by("next_run_at")
    refused, count, tried, spoilt = _Refused(), 0, 0, False
    for schedule_id, owner, kind in due.values_list("pk", "owner_id", "kind")[:SCHEDULES_READ]:
        queue = _queue_of(kind)
        if owner in refused.owners or queue in refused.queues:
            continue
        try:
            for fired in _each_time(schedule_id, now, TIMES_PER_SWEEP - tried):
                tried += 1
                count += fired
        except Refusal as refusal:
            tried += 1
            refused.add(owner, queue, refusal)
        except Exception as error:
            if trouble.reason(error) is not None:
                raise
            spoilt = True
            # It will be met again in two seconds.
            _unfired.failed(error, traceback=True, about=str(schedule_id))
        if tried >= TIMES_PER_SWEEP:
            break
    if not spoilt:
        _unfired.over()
    return count


def _queue_of(kind: str) -> str:
    found = registry.find(kind)
    return found.queue if found else ""


def _each_time(schedule_id: int, now: datetime, most: int) -> Iterator[bool]:
    """Fires what is due of one schedule, each time in a transaction of its own."""
    for _ in range(most):
        fired = fire(schedule_id, now)
        if fired is None:
            return
        yield fired


def fire(schedule_id: int, now: datetime) -> bool | None:
    """The job of the schedule's next time, if that has come. False: there was none to submit, but
    the schedule went on, or was paused. None: it is not due, or another sweeper has it.

    Raises the refusal when there is too much to do; then nothing has changed.
    """
    with transaction.atomic():
        row = actions.locked(schedule_id, skip_locked=True).filter(next_run_at__lte=now).first()
        if row is None:
            return None
        try:
            fired = _submit(row, now)
        except Refusal as refusal:
            if refusal.temporary:
                raise
            actions.pause_row(row, f"Paused: {refusal.message}")
            fired = False
        row.save(update_fields=CHANGED)
        with writing_in_transaction([row.room_id] if row.room_id else []) as logs:
            actions.tell(logs, row)
    return fired


CHANGED = ["next_run_at", "last_run_at", "last_job", "paused_at", "pause_reason"]


def _submit(row: Schedule, now: datetime) -> bool:
    recurrence = times.of(row)
    wanted = wanted_times(row, now)
    following = wanted[1] if len(wanted) > 1 else recurrence.after(now)
    if wanted:
        _require_owner(row)
        job, _ = submit(_submission(row, wanted[0]))
        row.last_run_at, row.last_job = now, job
    row.next_run_at = following
    if following is None:
        actions.pause_row(row, "Paused: no more times come.")
    return bool(wanted)


def wanted_times(row: Schedule, now: datetime) -> list[datetime]:
    """Those of its times that are due and to be kept by its catch-up rule, ascending."""
    limits = job_limits()
    assert row.next_run_at is not None
    most = limits.schedule_catch_up if row.catch_up == CatchUp.ALL else 1
    # What was promised is kept, even if the zone's rules have changed meanwhile.
    after = row.next_run_at + timedelta(microseconds=1)
    due = [row.next_run_at, *times.of(row).last_between(after, now, most)][-most:]
    if row.catch_up == CatchUp.SKIP:
        late = now - timedelta(seconds=limits.schedule_late_seconds)
        return [time for time in due if time >= late]
    return due


def _submission(row: Schedule, time: datetime) -> Submission:
    assert row.owner is not None
    return Submission(
        user=row.owner,
        kind=row.kind,
        params=row.params,
        room=row.room.slug if row.room else None,
        priority=row.priority,
        schedule=row.pk,
        scheduled_for=time,
    )


def _require_owner(row: Schedule) -> None:
    """Raises NotFound, in words for those who see why it was paused. Speaking in a public room
    joins it; a schedule brings nobody back who has left."""
    if row.owner is None or not row.owner.is_active:
        raise NotFound("Its owner's account is not active any more.")
    if row.room is not None:
        members = Membership.objects.filter(room=row.room, user=row.owner)
        if not members.exists():
            raise NotFound(f"{row.owner.name} is not a member of {row.room.name} any more.")
