"""Runs one attempt at a job: claim, prepare, perform, report. Called by `tasks` in a worker.

An attempt may happen more than once (a worker dies, a lease is lost); its report is written once,
because what it writes carries the lease. The thread that runs a kind has no connection to the
database but the one that the kind asks for. Knows nothing of Celery.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connections

from jobs import registry
from jobs.lifecycle import doorbell
from jobs.lifecycle.attempts import Claim
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.results import as_result
from jobs.lifecycle.verdict import Ending
from jobs.models import Job, Outcome, State
from jobs.registry import Kind
from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.models import Attachment

from . import crew
from .attempt import RunningAttempt, interrupted
from .clerk import Clerk
from .context import Context, GiveUp, RetryLater, UnknownKind, is_told
from .crew import Crew
from .interruption import HandedBack, Interruption, InterruptWindow
from .worker import WorkerProcess

logger = logging.getLogger(__name__)
_unwritten = Outage(logger, "Jobs wait for the database")

# Pauses before a claim or an end is tried again when the database is in trouble.
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0


@dataclass
class Prepared:
    """A claimed job with everything that its kind needs."""

    kind: Kind
    context: Context[Any]
    attempt: RunningAttempt


def run(job_id: UUID, process: WorkerProcess) -> Job | None:
    """The job after this attempt; None when there was nothing to do, or nothing may be written."""
    ours = crew.of(process)
    try:
        claim = _claim(job_id, process, ours.clerk)
        if claim is None:
            return None
        started = time.monotonic()
        try:
            prepared = prepare(claim, ours)
        except Exception as error:
            failure = failure_of(error, is_told(error, None))
            ending = Ending(Outcome.FAILED, failure, give_up=isinstance(error, GiveUp))
        else:
            ending = perform(prepared, process, ours)
        job = report(claim, ending, ours.clerk)
        seconds = time.monotonic() - started
        ours.clerk.worked(seconds, ending.outcome in (Outcome.FAILED, Outcome.TIMED_OUT))
        logger.info("job %s (%s) %s in %.3f s", job_id, claim.job.kind, ending.outcome, seconds)
    finally:
        connections.close_all()
    if process.terminating():
        raise SystemExit
    return job


def _claim(job_id: UUID, process: WorkerProcess, clerk: Clerk) -> Claim | None:
    """Whoever has the message tries until the database answers: what else could it do?"""
    pause = SHORTEST_PAUSE_SECONDS
    while not process.draining():
        try:
            claim = clerk.claim(job_id)
        except Exception as error:
            if trouble.reason(error) is None:
                raise
            _unwritten.failed(error)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        else:
            _unwritten.over()
            return claim
    # It stays queued, and another worker, or this one when it is back, hears of it.
    doorbell.ring(Job.objects.filter(pk=job_id, state=State.QUEUED))
    return None


def prepare(claim: Claim, ours: Crew) -> Prepared:
    """A kind that this worker does not know may be known to the next one: it is tried again."""
    job = claim.job
    kind = registry.find(job.kind)
    if kind is None:
        raise UnknownKind(f"This worker knows no kind {job.kind!r}.")
    try:
        params = kind.params.model_validate(job.params)
    except ValueError as error:
        raise GiveUp(f"The params do not fit the kind any more: {error}") from error
    window = InterruptWindow()
    attempt = RunningAttempt(
        claim, window, kind.soft_time_limit, kind.hard_time_limit, ours.keeper.wake
    )
    return Prepared(kind, Context(attempt, params), attempt)


def perform(prepared: Prepared, process: WorkerProcess, ours: Crew) -> Ending:
    """Run the kind's function and say how it ended, whatever happens in it."""
    context, attempt, window = prepared.context, prepared.attempt, prepared.attempt.window
    with ours.looking_after(attempt), window.signals():
        try:
            with window.opened():
                value = prepared.kind.run(context)
            ending = success(prepared.kind, value)
        except BaseException as error:
            ending = ending_of(error, prepared.kind, process)
    ending.files, ending.progress, ending.log = context.files, attempt.progress, context.logged()
    return ending


def success(kind: Kind, value: Any) -> Ending:
    try:
        return Ending(Outcome.SUCCEEDED, result=as_result(kind, value))
    except ValueError as error:
        raise GiveUp(str(error)) from error


def ending_of(error: BaseException, kind: Kind, process: WorkerProcess) -> Ending:
    if isinstance(error, Interruption):
        return interrupted(type(error), failure_of(error, told=False).traceback)
    if isinstance(error, SystemExit) and process.terminating():
        return interrupted(HandedBack)
    failure = failure_of(error, is_told(error, kind))
    if isinstance(error, RetryLater):
        return Ending(Outcome.POSTPONED, failure, retry_in=error.seconds)
    final = isinstance(error, GiveUp) or not (isinstance(error, Exception) and kind.retries(error))
    return Ending(Outcome.FAILED, failure, give_up=final)


def report(claim: Claim, ending: Ending, clerk: Clerk) -> Job | None:
    """Write the end, and while the lease lasts again and again: the work is done and worth it."""
    job_id, pause = claim.job.pk, SHORTEST_PAUSE_SECONDS
    while True:
        try:
            job = clerk.end(claim, ending)
            break
        except Exception as error:
            if trouble.reason(error) is None or time.monotonic() + pause > clerk.lease_until:
                raise
            _unwritten.failed(error)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
    _unwritten.over()
    if job is None:
        logger.warning("job %s: the lease was lost; nothing was written", job_id)
    if job is None or ending.outcome != Outcome.SUCCEEDED:
        discard(ending.files)
    return job


def discard(files: list[Attachment]) -> None:
    """Nobody refers to them. One that stays behind costs space, not correctness."""
    for row in files:
        try:
            row.delete()
            row.file.delete(save=False)
        except (DatabaseError, OSError) as error:
            logger.warning("the file %s stays behind: %r", row.pk, error)
