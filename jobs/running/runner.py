"""Runs one attempt at a job: claim, prepare, perform, report. Called by `tasks` in a worker.

An attempt may happen more than once (a worker dies, a lease is lost); its report is written once,
because what it writes carries the lease. Knows nothing of Celery.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from jobs import registry
from jobs.lifecycle import doorbell, transitions
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.results import as_result
from jobs.lifecycle.transitions import Claim
from jobs.lifecycle.verdict import Ending
from jobs.models import Job, Outcome, State
from jobs.registry import Kind
from rooms.models import Attachment

from .context import Context, GiveUp, RetryLater, UnknownKind, is_told
from .interruption import HandedBack, Interruption, InterruptWindow
from .lease import LeaseKeeper, interrupted
from .worker import WorkerProcess

logger = logging.getLogger(__name__)


@dataclass
class Prepared:
    """A claimed job with everything that its kind needs."""

    kind: Kind
    context: Context[Any]
    window: InterruptWindow
    keeper: LeaseKeeper


def run(job_id: UUID, process: WorkerProcess) -> Job | None:
    """The job after this attempt; None when there was nothing to do, or nothing may be written."""
    if process.draining():
        # It stays queued, and another worker, or this one when it is back, hears of it.
        doorbell.ring(Job.objects.filter(pk=job_id, state=State.QUEUED))
        return None
    claim = transitions.claim(job_id, process.worker)
    if claim is None:
        return None
    started = time.monotonic()
    try:
        prepared = prepare(claim, process)
    except Exception as error:
        failure = failure_of(error, is_told(error, None))
        ending = Ending(Outcome.FAILED, failure, give_up=isinstance(error, GiveUp))
    else:
        ending = perform(prepared, process)
    job = report(claim, ending)
    seconds = time.monotonic() - started
    logger.info("job %s (%s) %s in %.3f s", job_id, claim.job.kind, ending.outcome, seconds)
    if process.terminating():
        raise SystemExit
    return job


def prepare(claim: Claim, process: WorkerProcess) -> Prepared:
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
    keeper = LeaseKeeper(
        job, claim.lease, window, process, kind.soft_time_limit, kind.hard_time_limit
    )
    return Prepared(kind, Context(job, claim.lease, params, window, keeper), window, keeper)


def perform(prepared: Prepared, process: WorkerProcess) -> Ending:
    """Run the kind's function and say how it ended, whatever happens in it."""
    context, keeper, window = prepared.context, prepared.keeper, prepared.window
    keeper.start()
    try:
        with window.signals():
            try:
                with window.opened():
                    value = prepared.kind.run(context)
                ending = success(prepared.kind, value)
            except BaseException as error:
                ending = ending_of(error, prepared.kind, process)
    finally:
        keeper.stop()
    if ending.outcome != Outcome.SUCCEEDED:
        # What was interrupted may have left the connection in the middle of something.
        connection.close()
    ending.files, ending.progress, ending.log = context.files, keeper.progress, context.logged()
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


def report(claim: Claim, ending: Ending) -> Job | None:
    """Write the end, with a second try on a new connection: the work is done and worth it."""
    job_id, lease = claim.job.pk, claim.lease
    try:
        job = transitions.end_attempt(job_id, lease, ending)
    except DatabaseError as error:
        logger.warning("job %s: its end could not be written, once more: %r", job_id, error)
        connection.close()
        return transitions.end_attempt(job_id, lease, ending)
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
