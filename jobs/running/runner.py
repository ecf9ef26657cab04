"""Runs one attempt at a job: claim, prepare, perform, report. Called by `tasks` in a worker.

An attempt may happen more than once (a worker dies, a lease is lost); its report is written once,
because what it writes carries the lease. The thread that runs a kind has no connection to the
database but the one that the kind asks for. Knows nothing of Celery.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from pydantic import ValidationError

from jobs import registry, secret_params
from jobs.lifecycle import doorbell
from jobs.lifecycle.attempts import Claim
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.results import as_result
from jobs.lifecycle.verdict import Ending
from jobs.models import Job, Outcome, State
from jobs.registry import Kind
from jobs.secret_params import Redaction
from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.database.calls import with_connection
from rooms.models import Attachment
from rooms.protocol import problems

from . import crew, surroundings
from .attempt import RunningAttempt, interrupted
from .clerk import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, Clerk
from .context import Context, GiveUp, RetryLater, UnknownKind, is_told
from .crew import Crew
from .event_loop import CoroutineWindow
from .interruption import (
    HandedBack,
    Interruption,
    InterruptWindow,
    NeedsProcess,
    WaitsForAnswer,
    WaitsForParts,
)
from .surroundings import TransactionLeftOpen
from .worker import WorkerProcess

logger = logging.getLogger(__name__)
# The job whose turn it is for a message that names another; None: none waits.
Turns = Callable[[UUID], UUID | None]
# The sweeper rings again for what is left.
TURNS_TRIED = 20
_unclaimed = Outage(logger, "Jobs cannot be begun")


@dataclass
class Prepared:
    """A claimed job with everything that its kind needs."""

    kind: Kind
    context: Context[Any]
    attempt: RunningAttempt


def run(job_id: UUID, process: WorkerProcess, turns: Turns | None = None) -> Job | None:
    """The job after this attempt; None when there was nothing to do, nothing may be written, or
    this process does not wait for the end to be written. `turns`: whose turn it is, where that need
    not be the job that is named. What was claimed together with it is run as well."""
    ours = crew.of(process)
    claim = _claim(job_id, process, ours.clerk, turns)
    if claim is None:
        return None
    try:
        job = _attempt(claim, process, ours)
        while not _stops(process) and (claim := ours.clerk.ahead.take()) is not None:
            _attempt(claim, process, ours)
    finally:
        ours.clerk.hand_back()
    if process.terminating():
        raise SystemExit
    return job


def _stops(process: WorkerProcess) -> bool:
    return process.draining() or process.terminating()


def _attempt(claim: Claim, process: WorkerProcess, ours: Crew) -> Job | None:
    """The job after this attempt, if this process waits for that to be written."""
    started = time.monotonic()
    try:
        ending = _ending(claim, process, ours)
        seconds = time.monotonic() - started
        answer = report(claim, ending, ours.clerk)
        if process.waits_for_ends or process.terminating():
            answer.result()
    finally:
        surroundings.close_connections()
    ours.clerk.worked(claim.job.kind, seconds, ending.outcome)
    logger.info("job %s (%s) %s in %.3f s", claim.job.pk, claim.job.kind, ending.outcome, seconds)
    return answer.result() if process.waits_for_ends else None


def _ending(claim: Claim, process: WorkerProcess, ours: Crew) -> Ending:
    try:
        prepared = prepare(claim, process, ours)
    except Interruption as refused:
        return Ending(refused.outcome, failure_of(refused, told=True))
    except Exception as error:
        failure = failure_of(error, is_told(error, None), _secrets(claim))
        return Ending(Outcome.FAILED, failure, give_up=isinstance(error, GiveUp))
    return perform(prepared, process, ours)


def _claim(job_id: UUID, process: WorkerProcess, clerk: Clerk, turns: Turns | None) -> Claim | None:
    """Whoever has the message tries until the database answers: what else could it do?"""
    pause = SHORTEST_PAUSE_SECONDS
    while not process.draining():
        try:
            claim = _claim_once(job_id, clerk, turns)
        except Exception as error:
            if trouble.reason(error) is None:
                raise
            _unclaimed.failed(error)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        else:
            _unclaimed.over()
            return claim
    # It stays queued, and another worker, or this one when it is back, hears of it.
    doorbell.ring(Job.objects.filter(pk=job_id, state=State.QUEUED))
    return None


def _claim_once(job_id: UUID, clerk: Clerk, turns: Turns | None) -> Claim | None:
    """With `turns`, others may be quicker: then it is somebody else's turn."""
    if turns is None:
        return clerk.claim(job_id)
    for _ in range(TURNS_TRIED):
        turn = with_connection(partial(turns, job_id))
        if turn is None:
            return None
        if claim := clerk.claim(turn):
            return claim
    return None


def prepare(claim: Claim, process: WorkerProcess, ours: Crew) -> Prepared:
    """A kind that this worker does not know may be known to the next one: it is tried again. One
    that needs a process goes back to its queue if there is none to give (NeedsProcess): this
    worker is not told of it again."""
    if claim.refused:
        raise GiveUp(claim.refused)
    job = claim.job
    kind = registry.find(job.kind)
    if kind is None:
        raise UnknownKind(f"This worker knows no kind {job.kind!r}.")
    if kind.needs_process and process.waits_for_ends:
        logger.warning("job %s: %s needs a process of its own; left for another", job.pk, kind.name)
        raise NeedsProcess(f"The pool {process.pool or 'of this worker'} has no process to give.")
    try:
        given = job.params if job.secret_params is None else job.secret_params
        params = kind.params.model_validate(given)
    except ValidationError as error:
        # It would say the values as well.
        said = "; ".join(f"{item['pointer']}: {item['message']}" for item in problems(error))
        raise GiveUp(f"The params do not fit the kind any more: {said}") from None
    except ValueError as error:
        raise GiveUp(f"The params do not fit the kind any more: {error}") from None
    window = ours.event_loop().window() if kind.is_coroutine else InterruptWindow()
    attempt = RunningAttempt(
        claim, window, kind.soft_time_limit, kind.hard_time_limit, ours.keeper.wake
    )
    return Prepared(kind, Context(attempt, params), attempt)


def perform(prepared: Prepared, process: WorkerProcess, ours: Crew) -> Ending:
    """Run the kind's function and say how it ended, whatever happens in it."""
    context, attempt, window = prepared.context, prepared.attempt, prepared.attempt.window
    alone = not process.waits_for_ends
    with ours.looking_after(attempt), surroundings.restored(alone=alone), window.signals():
        try:
            with window.opened():
                value = prepared.kind.run(context)
                if isinstance(window, CoroutineWindow):
                    value = ours.event_loop().run(value, window)
            ending = success(prepared.kind, value, attempt.secrets)
        except BaseException as error:
            ending = ending_of(error, prepared.kind, process, attempt.secrets)
    if not surroundings.close_connections() and ending.outcome == Outcome.SUCCEEDED:
        left = TransactionLeftOpen("It left a transaction open; what it wrote there is undone.")
        ending = Ending(Outcome.FAILED, failure_of(left, told=True), files=ending.files)
    ending.files, ending.progress, ending.log = context.files, attempt.progress, context.logged()
    return ending


def _secrets(claim: Claim) -> Redaction | None:
    return secret_params.of_job(claim.job.params, claim.job.secret_params)


def success(kind: Kind, value: Any, secrets: Redaction | None) -> Ending:
    try:
        return Ending(Outcome.SUCCEEDED, result=as_result(kind, value, secrets))
    except ValueError as error:
        raise GiveUp(str(error)) from error


def ending_of(
    error: BaseException, kind: Kind, process: WorkerProcess, secrets: Redaction | None
) -> Ending:
    if isinstance(error, WaitsForAnswer):
        return Ending(Outcome.ASKED, question=error.asked)
    if isinstance(error, WaitsForParts):
        return Ending(Outcome.FANNED_OUT)
    if isinstance(error, Interruption):
        return interrupted(type(error), failure_of(error, False, secrets).traceback)
    if isinstance(error, SystemExit) and process.terminating():
        return interrupted(HandedBack)
    failure = failure_of(error, is_told(error, kind), secrets)
    if isinstance(error, RetryLater):
        return Ending(Outcome.POSTPONED, failure, retry_in=error.seconds)
    final = isinstance(error, GiveUp) or not (isinstance(error, Exception) and kind.retries(error))
    return Ending(Outcome.FAILED, failure, give_up=final)


def report(claim: Claim, ending: Ending, clerk: Clerk) -> "Future[Job | None]":
    """Have the end written."""

    def written(answer: "Future[Job | None]") -> None:
        error = answer.exception()
        if error is not None:
            logger.error("job %s: its end could not be written", claim.job.pk, exc_info=error)
        elif answer.result() is None:
            logger.warning("job %s: the lease was lost; nothing was written", claim.job.pk)
        if ending.files and (ending.outcome != Outcome.SUCCEEDED or _is_unwritten(answer)):
            discard(ending.files)

    answer = clerk.end(claim, ending)
    answer.add_done_callback(written)
    return answer


def _is_unwritten(answer: "Future[Job | None]") -> bool:
    """For sure: after an error it may have been written nevertheless."""
    return answer.exception() is None and answer.result() is None


def discard(files: list[Attachment]) -> None:
    """Nobody refers to them. One that stays behind costs space, not correctness."""
    for row in files:
        try:
            row.delete()
            row.file.delete(save=False)
        except (DatabaseError, OSError) as error:
            logger.warning("the file %s stays behind: %r", row.pk, error)
