"""Everything that a worker process writes of its jobs: one thread and one connection, however many
jobs it runs. Made by `crew`.

Claims and ends that wait at the same moment share a transaction. The thread also renews the lease
of the process, which is the lease of all its jobs, looks for jobs that are to be cancelled, and
keeps their last progress.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from jobs.lifecycle import attempts
from jobs.lifecycle.attempts import Begin, Claim, End, Written
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.verdict import Ending
from jobs.limits import job_limits
from jobs.models import Job, Outcome, State, Worker
from rooms.core import statements
from rooms.core.outages import Outage
from rooms.database import clock, trouble
from rooms.database.calls import with_connection

from .attempt import RunningAttempt
from .interruption import Cancelled, LeaseLost
from .worker import WorkerProcess

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# Pauses before ends, or claims, are tried again when the database is in trouble.
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
# Claims and ends of one transaction.
ATTEMPTS_PER_TRANSACTION = 100
# A process that runs more jobs than these asks only for those to be cancelled every second, and
# every beat for all.
ROWS_PER_LOOK = 100


@dataclass(frozen=True)
class Waiting:
    """A claim or an end on its way."""

    begin: Begin | None = None
    end: End | None = None
    room_id: int | None = None
    answer: "Future[Any]" = field(default_factory=Future)
    is_bare: bool = False

    def bare(self, error: BaseException) -> "Waiting":
        """The same end without what could not be written of it: a job must not be taken for lost
        because of what it says."""
        assert self.end is not None
        logger.error("job %s: its end could not be written", self.end.job_id, exc_info=error)
        ending = Ending(Outcome.FAILED, failure_of(error, told=False), give_up=True)
        return replace(self, end=self.end._replace(ending=ending), is_bare=True)


class StoredProgress(NamedTuple):
    progress: dict[str, Any] | None
    pk: UUID
    lease_token: UUID


class Clerk(threading.Thread):
    """`running` gives the attempts that are under way. A worker's process has a row from the
    beginning, another one from its first claim; it is made again when its lease was lost."""

    def __init__(
        self, process: WorkerProcess, pid: int, running: Callable[[], list[RunningAttempt]]
    ) -> None:
        super().__init__(name="clerk", daemon=True)
        self.lease_until = float("inf")
        self._process, self._pid, self._running = process, pid, running
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._worker: Worker | None = None
        self._beat_at = self._look_at = 0.0
        self._unwritten = Outage(logger, "Jobs wait for the database")
        self._trouble = Outage(logger, "The lease of this process could not be renewed")
        self._over = False
        # Ends that could not be written, and when they are tried again.
        self._again: list[Waiting] = []
        self._again_at = 0.0
        self._again_pause = SHORTEST_PAUSE_SECONDS
        # Of this process so far.
        self._done = self._failed = 0
        self._seconds = 0.0

    # From any thread ------------------------------------------------------------------------------

    def claim(self, job_id: UUID) -> Claim | None:
        """Begin the next attempt at a job; None when it is not there to be taken. Raises what the
        database raises."""
        waiting = Waiting(begin=Begin(job_id, uuid4()))
        self._queue.put(waiting)
        claim: Claim | None = waiting.answer.result()
        return claim

    def end(self, claim: Claim, ending: Ending) -> "Future[Job | None]":
        """Write the end of an attempt; while the database is in trouble, again and again until the
        lease is over: the work is done and worth it. None: the lease was lost, and nothing was
        written. What waits here is written before any claim that comes after it."""
        end = End(claim.job.pk, claim.lease, ending, claim.job.attempt)
        waiting = Waiting(end=end, room_id=claim.job.room_id)
        self._queue.put(waiting)
        return waiting.answer

    def worked(self, seconds: float, failed: bool) -> None:
        """An attempt is over; for the numbers of this process."""
        self._done += 1
        self._failed += failed
        self._seconds += seconds

    def stop(self) -> None:
        """Write what waits, and sign off. Once only, from the thread that runs no job any more."""
        self._queue.put(None)
        self.join()

    # The thread -----------------------------------------------------------------------------------

    def run(self) -> None:
        while not self._over or self._again:
            batch = self._next()
            if batch:
                self._write_and_answer(batch)
            now = time.monotonic()
            if now >= self._look_at:
                self._look_at = now + LOOK_SECONDS
                self._look_safely(now)
        self._sign_off()

    def _next(self) -> list[Waiting]:
        """What waits, up to a bound; empty when it is time to look after other things."""
        batch: list[Waiting] = []
        wake_at = min(self._look_at, self._again_at) if self._again else self._look_at
        pause = max(0.0, wake_at - time.monotonic())
        while len(batch) < ATTEMPTS_PER_TRANSACTION:
            try:
                waiting = self._queue.get(timeout=pause) if not batch else self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._over = True
                break
            batch.append(waiting)
        if self._again and time.monotonic() >= self._again_at:
            batch, self._again = self._again + batch, []
        return batch

    def _write_and_answer(self, batch: list[Waiting]) -> None:
        try:
            outcomes = with_connection(partial(self._write, batch))
        except BaseException as error:
            if trouble.reason(error) is not None:
                self._try_again_later(batch, error)
            elif len(batch) > 1:
                # One of them is what no database takes: which?
                for waiting in batch:
                    self._write_and_answer([waiting])
            elif batch[0].end is not None and not batch[0].is_bare:
                self._write_and_answer([batch[0].bare(error)])
            else:
                batch[0].answer.set_exception(error)
            return
        self._unwritten.over()
        self._again_pause = SHORTEST_PAUSE_SECONDS
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.answer.set_result(outcome)

    def _try_again_later(self, batch: list[Waiting], error: BaseException) -> None:
        """Ends, while they may still be written. Who wants to claim decides for themselves."""
        self._unwritten.failed(error)
        now = time.monotonic()
        for waiting in batch:
            if waiting.end is not None and now + self._again_pause < self.lease_until:
                self._again.append(waiting)
            else:
                waiting.answer.set_exception(error)
        self._again_at = now + self._again_pause
        self._again_pause = min(LONGEST_PAUSE_SECONDS, 2 * self._again_pause)

    def _write(self, batch: Sequence[Waiting]) -> list[Claim | Job | None]:
        begins = [waiting.begin for waiting in batch if waiting.begin]
        ends = [waiting.end for waiting in batch if waiting.end]
        rooms = {waiting.end.job_id: waiting.room_id for waiting in batch if waiting.end}
        worker = self._signed_on() if begins else self._worker
        written: Written = attempts.write(worker, begins, ends, rooms)
        claims, ended = iter(written.claims), iter(written.ended)
        return [next(claims) if waiting.begin else next(ended) for waiting in batch]

    def _signed_on(self) -> Worker:
        if self._worker is None:
            asked = time.monotonic()
            clock.set_by_database()
            now = clock.now()
            worker = Worker(
                name=self._process.name[:120],
                pid=self._pid,
                process=self._process.process,
                pool=self._process.pool[:40],
                capacity=self._process.capacity,
                queues=", ".join(self._process.queues)[:500],
                version=version(),
                started_at=now,
                seen_at=now,
                lease_expires_at=now + timedelta(seconds=job_limits().job_lease_seconds),
            )
            worker.save(force_insert=True)
            self._worker = worker
            self._renewed(asked)
        return self._worker

    def _renewed(self, asked: float) -> None:
        self.lease_until = asked + job_limits().job_lease_seconds
        self._beat_at = asked + job_limits().job_beat_seconds

    # Looking after what runs ----------------------------------------------------------------------

    def _look_safely(self, now: float) -> None:
        """Nothing may end this thread: every job of this process depends on it."""
        if self._worker is None and self._process.process is None:
            return
        try:
            if self._worker is None:
                with_connection(self._signed_on)
            else:
                with_connection(partial(self._look, now))
            self._trouble.over()
        except Exception as error:
            self._trouble.failed(error, traceback=trouble.reason(error) is None)

    def _look(self, now: float) -> None:
        beat = now >= self._beat_at
        if beat and not self._renew():
            return
        running = {attempt.lease: attempt for attempt in self._running()}
        if not running:
            return
        self._keep_progress(list(running.values()))
        mine = Job.objects.filter(worker=self._worker, state=State.RUNNING)
        everything = beat or len(running) <= ROWS_PER_LOOK
        if not everything:
            mine = mine.filter(cancel_requested_at__isnull=False)
        rows = dict(mine.values_list("lease_token", "cancel_requested_at"))
        for lease, attempt in running.items():
            if rows.get(lease) is not None:
                attempt.stop_for(Cancelled, job_limits().job_cancel_grace_seconds)
            elif everything and lease not in rows:
                attempt.stop_for(LeaseLost)

    def _renew(self) -> bool:
        """Whether this process still had its lease. If not, its jobs are others' by now."""
        assert self._worker is not None
        running = self._running()
        asked = time.monotonic()
        clock.set_by_database()
        now = clock.now()
        alive = Worker.objects.filter(
            pk=self._worker.pk, ended_at=None, lease_expires_at__gt=now
        ).update(
            seen_at=now,
            lease_expires_at=now + timedelta(seconds=job_limits().job_lease_seconds),
            **self._numbers(),
        )
        if alive:
            self._renewed(asked)
            return True
        logger.warning("This process has lost its lease, and with it %d jobs", len(running))
        for attempt in running:
            attempt.stop_for(LeaseLost)
        Worker.objects.filter(pk=self._worker.pk, ended_at=None).update(ended_at=now)
        self._worker, self.lease_until = None, float("inf")
        for waiting in self._again:
            waiting.answer.set_result(None)
        self._again = []
        return False

    def _numbers(self) -> dict[str, Any]:
        return {"done": self._done, "failed": self._failed, "seconds_worked": self._seconds}

    def _keep_progress(self, running: list[RunningAttempt]) -> None:
        rows = []
        for attempt in running:
            if attempt.progress is not attempt.stored:
                attempt.stored = attempt.progress
                rows.append(StoredProgress(attempt.stored, attempt.job.pk, attempt.lease))
        statements.update(Job, rows, by=("pk", "lease_token"))

    def _sign_off(self) -> None:
        try:
            if self._worker is not None:
                now = clock.now()
                Worker.objects.filter(pk=self._worker.pk).update(
                    seen_at=now, lease_expires_at=now, ended_at=now, **self._numbers()
                )
        except Exception as error:
            logger.warning("This process could not sign off: %r", error)
        finally:
            connection.close()


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("parley")
    except PackageNotFoundError:
        return ""
