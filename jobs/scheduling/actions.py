"""What people do with schedules: make, change, pause, resume, run now, delete. Called by REST, the
slash command and the admin. Each is one transaction: the row and the event in the room's log.

A schedule's row is locked before its owner and its room, here and in `loops.recurring`, where it
fires.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from jobs import registry
from jobs.limits import job_limits
from jobs.models import IDLE, NORMAL, URGENT, CatchUp, Job, Schedule
from jobs.submitting.actions import Submission, checked_params, submit
from rooms.core import lookup, person_lock, policy
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.policy import Facts
from rooms.database import clock
from rooms.models import Room, User
from rooms.protocol import Conflict, Invalid, NotFound
from rooms.text import visible

from . import representations, times

LONGEST_TITLE = 120


@dataclass(frozen=True)
class NewSchedule:
    """Either `cron` or `every` (seconds). The same person and `key` again get the one there is."""

    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    room: str | None = None
    cron: str = ""
    every: int | None = None
    time_zone: str = ""
    title: str = ""
    catch_up: str = CatchUp.ONCE
    priority: int = NORMAL
    key: str = ""


def make(user: User, wanted: NewSchedule) -> Schedule:
    """The schedule, committed and told. Raises Refusal."""
    room = lookup.find_room(user, wanted.room)[0] if wanted.room is not None else None
    if (known := _known(user, wanted.key)) is not None:
        return known
    row = Schedule(
        kind=wanted.kind,
        room=room,
        owner=user,
        cron=" ".join(wanted.cron.split()),
        every=wanted.every,
        time_zone=wanted.time_zone or settings.TIME_ZONE,
        title=wanted.title,
        catch_up=wanted.catch_up,
        priority=wanted.priority,
        key=wanted.key,
    )
    row.params = wanted.params
    row.begins_at = row.created_at = clock.now()
    _check(row)
    row.next_run_at = times.of(row).after(row.created_at)
    try:
        return _insert(user, row, room)
    except IntegrityError:
        # Another process has just taken this key.
        known = _known(user, wanted.key)
        if known is None:
            raise
        return known


def _known(user: User, key: str) -> Schedule | None:
    if len(key) > 255:
        raise Invalid("An idempotency key has at most 255 characters.", "too_long")
    if not key:
        return None
    return Schedule.objects.with_relations().filter(owner=user, key=key).first()


def _check(row: Schedule) -> None:
    """Everything that can be said of it without asking who they are. Fills in what was left out."""
    kind = registry.get(row.kind)
    if kind.rule:
        raise Invalid(f"{kind.title} cannot be scheduled.")
    if kind.has_secret_params:
        raise Invalid(f"{kind.title} has secret params, and a schedule keeps what it is given.")
    row.params = checked_params(kind, row.params)
    if kind.needs_room and row.room is None:
        raise Invalid(f"{kind.title} needs a room.")
    title = " ".join(row.title.split())
    row.title = title if visible.shows(title) else kind.title
    if len(row.title) > LONGEST_TITLE:
        raise Invalid(f"A title has at most {LONGEST_TITLE} characters.", "too_long")
    if row.catch_up not in CatchUp.values:
        raise Invalid(f"catch_up is one of {', '.join(CatchUp.values)}.")
    if not URGENT <= row.priority <= IDLE:
        raise Invalid(f"The priority is {URGENT} (runs first) to {IDLE} (runs last).")
    if row.every is None and not row.cron:
        raise Invalid("A schedule needs a cron expression or an interval.")
    times.checked(times.of(row), clock.now(), job_limits().schedule_shortest_seconds)


def _insert(user: User, row: Schedule, room: Room | None) -> Schedule:
    facts = lookup.facts(user, room) if room is not None else Facts()
    policy.require("schedule.make", facts)
    limits = job_limits()
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        if Schedule.objects.filter(owner=user).count() >= limits.schedules_per_user:
            raise Conflict(f"Nobody has more than {limits.schedules_per_user:,} schedules.")
        with writing_in_transaction([room.pk] if room else []) as logs:
            if room is not None:
                locked = logs.rooms.get(room.pk)
                if locked is None:
                    raise policy.no_room(room.slug)
                # Access may have been withdrawn before the room was locked.
                facts = lookup.facts(user, locked)
                policy.require("schedule.make", facts)
                if Schedule.objects.filter(room=locked).count() >= limits.schedules_per_room:
                    raise Conflict(
                        f"No room has more than {limits.schedules_per_room:,} schedules."
                    )
                if facts.role is None:
                    add_member_in_transaction(logs, locked, user)
                row.room = locked
            row.save(force_insert=True)
            tell(logs, row)
    return row


def tell(logs: Logs, row: Schedule) -> None:
    """The room hears how the schedule is now. `logs` holds it."""
    if row.room_id in logs.rooms:
        event = {"schedule": representations.schedule(row)}
        logs.append(logs.rooms[row.room_id], "schedule.changed", event)


# Looking up and changing --------------------------------------------------------------------------


def facts_of(user: User, row: Schedule) -> Facts:
    facts = lookup.facts(user, row.room) if row.room is not None else Facts()
    return facts._replace(own=row.owner_id == user.pk, permissions=lookup.staff_permissions(user))


def find(user: User, schedule_id: int) -> tuple[Schedule, Facts]:
    """A schedule that `user` may see, with what the rules want to know of both, or NotFound."""
    return _visible(user, Schedule.objects.with_relations().filter(pk=schedule_id), schedule_id)


def _visible(user: User, rows: Any, schedule_id: int) -> tuple[Schedule, Facts]:
    row = rows.first()
    if row is not None:
        facts = facts_of(user, row)
        if policy.allows("schedule.see", facts):
            return row, facts
    raise NotFound(f"There is no schedule {schedule_id}, or you may not see it.")


@contextmanager
def _changing(user: User, schedule_id: int) -> Iterator[tuple[Schedule, Facts, Logs]]:
    """Locked, and its room with it. What is written to the row is saved and told."""
    with transaction.atomic():
        rows = locked(schedule_id)
        row, facts = _visible(user, rows, schedule_id)
        room_ids = [] if row.room_id is None else [row.room_id]
        with writing_in_transaction(room_ids) as logs:
            yield row, facts, logs


def locked(schedule_id: int, *, skip_locked: bool = False) -> Any:
    """The row of a schedule, to be locked in a transaction."""
    rows = Schedule.objects.with_relations().filter(pk=schedule_id)
    return rows.select_for_update(of=("self",), skip_locked=skip_locked)


TIMES = {"cron", "every", "time_zone"}
CHANGEABLE = {*TIMES, "title", "catch_up", "priority", "params", "paused"}


def change(user: User, schedule_id: int, changes: Mapping[str, Any]) -> Schedule:
    """`changes` are fields of `CHANGEABLE`; `cron` takes the place of `every`, and the reverse.
    What is paused does not come again until it is resumed, and then from that moment on."""
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise ValueError(f"cannot be changed: {unknown}")
    with _changing(user, schedule_id) as (row, facts, logs):
        if set(changes) - {"paused", "params"}:
            policy.require("schedule.change", facts)
        if "params" in changes:
            policy.require("schedule.params", facts)
        if "paused" in changes:
            policy.require("schedule.control", facts)
        _apply(row, changes, user)
        row.save()
        tell(logs, row)
    return row


def _apply(row: Schedule, changes: Mapping[str, Any], user: User) -> None:
    now = clock.now()
    paused = changes.get("paused", row.paused)
    if changes.get("cron"):
        row.cron, row.every = " ".join(changes["cron"].split()), None
    if changes.get("every") is not None:
        if changes.get("cron"):
            raise Invalid("A schedule has a cron expression or an interval, not both.")
        row.cron, row.every, row.begins_at = "", changes["every"], now
    for name in ("time_zone", "title", "catch_up", "priority", "params"):
        if name in changes:
            setattr(row, name, changes[name])
    if set(changes) - {"paused"} or not paused:
        _check(row)
    if paused and not row.paused:
        pause_row(row, f"Paused by {user.name}.")
    elif not paused and (row.paused or TIMES & set(changes)):
        if row.owner is None or not row.owner.is_active:
            raise Conflict("Its owner's account is not active.")
        row.paused_at, row.pause_reason = None, ""
        row.next_run_at = times.of(row).after(now)


def pause_row(row: Schedule, reason: str) -> None:
    """Also by itself, when it cannot be kept: then `reason` says why. The caller saves it."""
    row.paused_at, row.pause_reason, row.next_run_at = clock.now(), reason, None


def pause(user: User, schedule_id: int) -> Schedule:
    return change(user, schedule_id, {"paused": True})


def resume(user: User, schedule_id: int) -> Schedule:
    return change(user, schedule_id, {"paused": False})


def delete(user: User, schedule_id: int) -> None:
    """The jobs that came of it stay."""
    with _changing(user, schedule_id) as (row, facts, logs):
        policy.require("schedule.control", facts)
        row.delete()
        if row.room_id in logs.rooms:
            event = {"schedule": {"id": schedule_id}}
            logs.append(logs.rooms[row.room_id], "schedule.deleted", event)


def run_now(user: User, schedule_id: int, key: str = "") -> Job:
    """A job like its own besides, in the name of who asks; its times stay as they are. The same
    person and `key` again get the same job."""
    row, facts = find(user, schedule_id)
    policy.require("schedule.run", facts)
    wanted = Submission(
        user=user,
        kind=row.kind,
        params=row.params,
        room=row.room.slug if row.room else None,
        priority=row.priority,
        key=key,
    )
    return submit(wanted)[0]
