"""Submits the jobs of schedules whose time has come. Called by each sweep, on the database's clock.

A time is fired in one transaction with the step to the next one, under the lock of the schedule's
row, so that of any number of sweepers one does it; that the pair of schedule and time is unique
among jobs holds whatever happens. The job goes through the same gate as everybody's. What is
refused for load is tried again by the next sweep; what is refused for good pauses the schedule and
says why.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction

from jobs import registry
from jobs.limits import job_limits
from jobs.models import CatchUp, Job, Schedule
from jobs.scheduling import actions, times
from jobs.submitting.actions import Submission, submit
from rooms.core.log import writing_in_transaction
from rooms.core.outages import Outage
from rooms.database import clock, trouble
from rooms.models import Membership
from rooms.protocol import Busy, NotFound, Refusal

logger = logging.getLogger(__name__)
_unfired = Outage(logger, "A schedule could not be fired", level=logging.ERROR)

# Lost jobs and due ones wait no longer; the next sweep goes on.
SECONDS_PER_SWEEP = 2.0
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
    now, until = clock.now(), time.monotonic() + SECONDS_PER_SWEEP
    due = Schedule.objects.filter(next_run_at__lte=now).order_by("next_run_at")
    refused, count, spoilt = _Refused(), 0, False
    for schedule_id, owner, kind in due.values_list("pk", "owner_id", "kind")[:SCHEDULES_READ]:
        queue = _queue_of(kind)
        if owner in refused.owners or queue in refused.queues:
            continue
        try:
            more = True
            while more and time.monotonic() < until:
                fired = fire(schedule_id, now)
                count += fired.job
                more = fired.more
        except Refusal as refusal:
            refused.add(owner, queue, refusal)
        except Exception as error:
            if trouble.reason(error) is not None:
                raise
            spoilt = True
            # It will be met again in two seconds.
            _unfired.failed(error, traceback=True, about=str(schedule_id))
        if time.monotonic() >= until:
            break
    if not spoilt:
        _unfired.over()
    return count


def _queue_of(kind: str) -> str:
    found = registry.find(kind)
    return found.queue if found else ""


class Fired(NamedTuple):
    """Whether there is a job of it, and whether there is more to do about the same schedule."""

    job: bool = False
    more: bool = False


def fire(schedule_id: int, now: datetime) -> Fired:
    """The job of the schedule's next time, if that has come and no other sweeper has it, and the
    step to the time after; or the pause of what cannot be kept.

    Raises the refusal when there is too much to do; then nothing has changed.
    """
    with transaction.atomic():
        row = actions.locked(schedule_id, skip_locked=True).filter(next_run_at__lte=now).first()
        if row is None:
            return Fired()
        try:
            job = _submit(row, now)
        except Refusal as refusal:
            if refusal.temporary:
                raise
            actions.pause_row(row, f"Paused: {refusal.message}")
            job = False
        row.save(update_fields=CHANGED)
        with writing_in_transaction([row.room_id] if row.room_id else []) as logs:
            actions.tell(logs, row)
    return Fired(job, row.next_run_at is not None and row.next_run_at <= now)


CHANGED = ["next_run_at", "last_run_at", "last_job", "paused_at", "pause_reason"]


def _submit(row: Schedule, now: datetime) -> bool:
    """Whether there was a time to be kept."""
    wanted, following = wanted_times(row, now)
    if wanted:
        _require_owner(row)
        row.last_run_at, row.last_job = now, _job(row, wanted[0])
    row.next_run_at = wanted[1] if len(wanted) > 1 else following
    if row.next_run_at is None:
        actions.pause_row(row, "Paused: no more times come.")
    return bool(wanted)


def _job(row: Schedule, time: datetime) -> Job:
    try:
        return submit(_submission(row, time))[0]
    except IntegrityError:
        # The time was fired already, and the step to the next one got lost.
        fired = Job.objects.filter(schedule=row, scheduled_for=time).first()
        if fired is None:
            raise
        return fired


def wanted_times(row: Schedule, now: datetime) -> tuple[list[datetime], datetime | None]:
    """Those of its times that are due and to be kept by its catch-up rule, ascending; and the first
    that is not due."""
    limits, recurrence, promised = job_limits(), times.of(row), row.next_run_at
    assert promised is not None
    # It is kept even if the zone's rules have changed meanwhile.
    due = [promised]
    following = recurrence.after(promised)
    if following is not None and following <= now:
        most = limits.schedule_catch_up if row.catch_up == CatchUp.ALL else 1
        due = [promised, *recurrence.last_between(following, now, most)][-most:]
        following = recurrence.after(now)
    if row.catch_up == CatchUp.SKIP:
        late = now - timedelta(seconds=limits.schedule_late_seconds)
        due = [each for each in due if each >= late]
    return due, following


def _submission(row: Schedule, at: datetime) -> Submission:
    assert row.owner is not None
    return Submission(
        user=row.owner,
        kind=row.kind,
        params=row.params,
        room=row.room.slug if row.room else None,
        priority=row.priority,
        schedule=row.pk,
        scheduled_for=at,
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
