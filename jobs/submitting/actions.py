"""What people do with jobs: submit, cancel, retry. Called by REST, the socket, the slash command
and the admin; each decides by `policy` and `admission` and writes through `transitions`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import ValidationError

from jobs import registry
from jobs.lifecycle import doorbell, representations, transitions
from jobs.lifecycle.storable import NUL
from jobs.limits import job_limits
from jobs.models import IDLE, NORMAL, URGENT, Job, State
from jobs.registry import Kind
from rooms.core import json_depth, lookup, policy
from rooms.core.log import writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.policy import Facts
from rooms.models import Room, User
from rooms.protocol import Conflict, Invalid, NotFound, Refusal, problems

from . import admission

LATEST = timedelta(days=366)
# How often cancelling looks again at a job that moves between waiting and running.
CANCEL_ATTEMPTS = 5


@dataclass(frozen=True)
class Submission:
    """What somebody wants done. The same user and `key` again get the job that is there; so do the
    same schedule and time."""

    user: User
    kind: str
    params: dict[str, Any]
    room: str | None = None
    priority: int = NORMAL
    run_at: datetime | None = None
    key: str = ""
    schedule: int | None = None
    scheduled_for: datetime | None = None


def submit(wanted: Submission) -> tuple[Job, bool]:
    """The job, committed and rung for, and whether it is new. Raises Refusal."""
    kind = registry.get(wanted.kind)
    params = checked_params(kind, wanted.params)
    _check(wanted, kind)
    room = None
    if wanted.room is not None:
        # Before a key that is known already: what came of it may be in a room that is closed now.
        room, _ = lookup.find_room(wanted.user, wanted.room)
    fingerprint = _fingerprint(wanted, params) if wanted.key else ""
    # Of a schedule a time comes once, but for what the constraint is there to find.
    known = _known(wanted, fingerprint) if wanted.schedule is None else None
    if known is not None:
        return known, False
    try:
        return _insert(wanted, kind, params, fingerprint, room), True
    except IntegrityError:
        # Another process has just taken this key; now its job is there to be found.
        known = _known(wanted, fingerprint)
        if known is None:
            raise
        return known, False


def checked_params(kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters as plain JSON, defaults filled in, or Invalid with a pointer to each fault."""
    if json_depth.levels(given) > json_depth.MOST_LEVELS:
        raise Invalid(
            f"{kind.name}: params: lists and objects stand within one another at most"
            f" {json_depth.MOST_LEVELS} deep."
        )
    _encoded(kind, given)
    try:
        value = kind.params.model_validate(given)
    except ValidationError as error:
        raise _wrong_params(kind, error) from None
    encoded = _encoded(kind, registry.stored(value))
    if NUL.search(encoded):
        raise Invalid("The params of a job cannot hold the NUL character.")
    params: dict[str, Any] = orjson.loads(encoded)
    try:
        kind.params.model_validate(params)
    except ValidationError as error:
        # What JSON does not know, such as a number that is none, is not what the kind would get.
        raise _wrong_params(kind, error) from None
    return params


def _encoded(kind: Kind, params: dict[str, Any]) -> bytes:
    """As JSON, if it is not too long: asked before they are validated, which may take long."""
    try:
        encoded = orjson.dumps(params)
    except TypeError as error:
        raise Invalid(f"{kind.name}: params: {error}") from None
    most = job_limits().job_params_bytes
    if len(encoded) > most:
        raise Invalid(f"The params of a job have at most {most:,} bytes.", "too_long")
    return encoded


def _wrong_params(kind: Kind, error: ValidationError) -> Invalid:
    found = [{**item, "pointer": f"/params{item['pointer']}"} for item in problems(error)]
    text = "; ".join(f"{item['pointer'][1:]}: {item['message']}" for item in found)
    return Invalid(f"{kind.name}: {text}", errors=found)


def _check(wanted: Submission, kind: Kind) -> None:
    if not URGENT <= wanted.priority <= IDLE:
        raise _about("priority", f"The priority is {URGENT} (runs first) to {IDLE} (runs last).")
    if kind.needs_room and wanted.room is None:
        raise _about("room", f"{kind.title} needs a room.")
    if len(wanted.key) > 255:
        raise Invalid("An idempotency key has at most 255 characters.", "too_long")
    if wanted.run_at is not None:
        if wanted.run_at.tzinfo is None:
            raise _about("run_at", "`run_at` needs a time zone, as in 2026-05-01T09:30:00Z.")
        if wanted.run_at > timezone.now() + LATEST:
            raise _about("run_at", "A job can be scheduled for at most a year ahead.")


def _about(field: str, message: str) -> Invalid:
    """The refusal that points at the field that is wrong."""
    return Invalid(message, errors=[{"pointer": f"/{field}", "message": message}])


def _fingerprint(wanted: Submission, params: dict[str, Any]) -> str:
    run_at = wanted.run_at.timestamp() if wanted.run_at else None
    parts = [wanted.kind, params, wanted.room, wanted.priority, run_at]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _known(wanted: Submission, fingerprint: str) -> Job | None:
    rows = Job.objects.with_relations()
    if wanted.schedule is not None:
        return rows.filter(schedule=wanted.schedule, scheduled_for=wanted.scheduled_for).first()
    if not wanted.key:
        return None
    job = rows.filter(requested_by=wanted.user, idempotency_key=wanted.key).first()
    if job is not None and job.fingerprint != fingerprint:
        raise Invalid("This idempotency key was used for another job already.")
    if job is not None:
        policy.require("job.see", facts_of(wanted.user, job))
    return job


def _insert(
    wanted: Submission, kind: Kind, params: dict[str, Any], fingerprint: str, room: Room | None
) -> Job:
    facts = lookup.facts(wanted.user, room) if room is not None else Facts()
    policy.require("job.submit", facts)
    with transaction.atomic():
        admission.admit(wanted.user, kind.queue)
        with writing_in_transaction([room.pk] if room else []) as logs:
            job = Job(
                kind=kind.name,
                title=kind.title,
                requested_by=wanted.user,
                params=params,
                queue=kind.queue,
                priority=wanted.priority,
                idempotency_key=wanted.key,
                fingerprint=fingerprint,
                created_at=logs.at,
                run_at=wanted.run_at,
                max_attempts=kind.max_attempts,
                schedule_id=wanted.schedule,
                scheduled_for=wanted.scheduled_for,
            )
            if wanted.run_at is not None and wanted.run_at > logs.at:
                job.state, job.due_at = State.SCHEDULED, wanted.run_at
            else:
                job.state, job.queued_at, job.rung_at = State.QUEUED, logs.at, logs.at
                doorbell.ring_on_commit([job])
            locked = logs.rooms.get(room.pk) if room else None
            if room is not None and locked is None:
                raise policy.no_room(room.slug)
            if locked is not None:
                # Working in a public room joins it, as speaking there does. Access may have been
                # withdrawn before the room was locked.
                facts = lookup.facts(wanted.user, locked)
                policy.require("job.submit", facts)
                if facts.role is None:
                    add_member_in_transaction(logs, locked, wanted.user)
                job.room, job.seq = locked, logs.take_seq(locked)
            job.save(force_insert=True)
            if locked is not None:
                event = {"job": representations.job(job)}
                logs.append(locked, "job.changed", event, seq=job.seq)
    return job


# Looking up and changing ------------------------------------------------------------------------


def find(user: User, job_id: UUID) -> tuple[Job, Facts]:
    """A job that `user` may see, with what the rules want to know of both, or NotFound."""
    job = Job.objects.with_relations().filter(pk=job_id).first()
    if job is not None:
        facts = facts_of(user, job)
        if policy.allows("job.see", facts):
            return job, facts
    raise NotFound(f"There is no job {job_id}, or you may not see it.")


def facts_of(user: User, job: Job) -> Facts:
    facts = lookup.facts(user, job.room) if job.room is not None else Facts()
    own = job.requested_by_id == user.pk
    return facts._replace(own=own, permissions=lookup.staff_permissions(user))


def cancel(user: User, job_id: UUID) -> Job:
    """A waiting job ends at once, a running one is asked to stop; an ended one stays as it is."""
    job, facts = find(user, job_id)
    policy.require("job.cancel", facts)
    for _ in range(CANCEL_ATTEMPTS):
        if job.finished:
            return job
        moved = transitions.cancel_waiting(job.pk, user) or transitions.ask_to_stop(job.pk, user)
        if moved is not None:
            return moved
        job, _ = find(user, job_id)
    raise Refusal("The job changes too fast to be cancelled. Try again.", temporary=True)


def run_now(user: User, job_id: UUID) -> Job:
    """A job that waits for its time, scheduled or between two attempts, goes to its queue."""
    job, facts = find(user, job_id)
    policy.require("job.retry", facts)
    if not transitions.queue_due([job.pk], early=True):
        raise Conflict("Only a job that waits for its time can be run before it.")
    return find(user, job_id)[0]


def retry(user: User, job_id: UUID) -> Job:
    """Give a failed or cancelled job a new budget of attempts. Counts as a submission."""
    job, facts = find(user, job_id)
    policy.require("job.retry", facts)
    kind = registry.get(job.kind)
    if not job.spoilt:
        raise Conflict(f"Only a failed or cancelled job can be retried; this one is {job.state}.")
    with transaction.atomic():
        admission.admit(user, kind.queue)
        again = transitions.begin_again(job.pk, kind.max_attempts)
        if again is None:
            raise Conflict("Somebody else has just retried this job.")
    return again
