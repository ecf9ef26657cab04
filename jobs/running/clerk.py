"""Everything that a worker process writes of its jobs: one thread and one connection, however many
jobs it runs. Made by `crew`.

Claims and ends that wait at the same moment share a transaction; where one job runs after the
other, several short ones are claimed together (`ahead`) and their ends wait for each other. The
thread also renews the lease of the process (`process_lease`), which is the lease of all its jobs,
looks for jobs that are to be cancelled, and keeps their last progress.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from jobs.lifecycle import ahead, attempts
from jobs.lifecycle.attempts import Begin, Claim, End, Written
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.verdict import Ending, Failure
from jobs.limits import job_limits
from jobs.models import Job, Outcome, State
from rooms.core import statements
from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.database.calls import with_connection

from .ahead import ClaimedAhead
from .attempt import RunningAttempt
from .interruption import Cancelled, HandedBack, LeaseLost
from .process_lease import ProcessLease
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
# Where one job runs after the other: how long its end waits for those of the jobs that were claimed
# with it, and for the next claim, while those come quickly.
TOGETHER_SECONDS, NEXT_CLAIM_SECONDS = 0.02, 0.003
QUICK_SECONDS = 0.05
OVERTAKEN = Ending(
    Outcome.INTERRUPTED,
    Failure(HandedBack.__name__, "It was not begun, because the job before it took its time."),
)
FORGOTTEN = Ending(
    Outcome.INTERRUPTED, Failure(HandedBack.__name__, "Its worker did not learn that it has it.")
)


@dataclass(frozen=True)
class Waiting:
    """A claim or an end on its way."""

    begins: Sequence[Begin] = ()
    end: End | None = None
    room_id: int | None = None
    answer: "Future[Any]" = field(default_factory=Future)
    is_bare: bool = False
    since: float = field(default_factory=time.monotonic)

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
    """`running` gives the attempts that are under way."""

    def __init__(
        self, process: WorkerProcess, pid: int, running: Callable[[], list[RunningAttempt]]
    ) -> None:
        super().__init__(name="clerk", daemon=True)
        self.lease = ProcessLease(process, pid)
        self.ahead = ClaimedAhead()
        self._process, self._running = process, running
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._look_at = 0.0
        self._unwritten = Outage(logger, "Jobs wait for the database")
        self._trouble = Outage(logger, "The lease of this process could not be renewed")
        self._over = False
        self._claimed_at = 0.0
        # Leases of jobs that this process is said to run and does not.
        self._unknown: set[UUID] = set()
        # Ends that could not be written, and when they are tried again.
        self._again: list[Waiting] = []
        self._again_at = 0.0
        self._again_pause = SHORTEST_PAUSE_SECONDS

    # From any thread ------------------------------------------------------------------------------

    def claim(self, job_id: UUID) -> Claim | None:
        """Begin the next attempt at a job; None when it is not there to be taken. Raises what the
        database raises."""
        waiting = Waiting(begins=[Begin(job_id, uuid4())])
        self._queue.put(waiting)
        claim: Claim | None = waiting.answer.result()
        return claim

    def hand_back(self) -> None:
        """What was claimed ahead goes back to its queue."""
        for claim in self.ahead.take_all():
            self.end(claim, OVERTAKEN)

    def end(self, claim: Claim, ending: Ending) -> "Future[Job | None]":
        """Write the end of an attempt; while the database is in trouble, again and again until the
        lease is over: the work is done and worth it. None: the lease was lost, and nothing was
        written. What waits here is written before any claim that comes after it."""
        end = End(claim.job.pk, claim.lease, ending, claim.job.attempt)
        waiting = Waiting(end=end, room_id=claim.job.room_id)
        self._queue.put(waiting)
        return waiting.answer

    def worked(self, kind: str, seconds: float, outcome: Outcome) -> None:
        """An attempt is over; for the numbers of this process."""
        self.lease.worked(seconds, outcome)
        self.ahead.ran(kind, seconds)

    def stop(self) -> None:
        """Write what waits, and sign off. Once only, from the thread that runs no job any more."""
        self._queue.put(None)
        self.join()

    # The thread -----------------------------------------------------------------------------------

    def run(self) -> None:
        while not self._over or self._again:
            batch = self._next()
            if batch:
                self._write_and_answer(self._with_others(batch))
            now = time.monotonic()
            if now >= self.ahead.hand_back_at:
                self.hand_back()
            if now >= self._look_at:
                self._look_at = now + LOOK_SECONDS
                self._look_safely(now)
        self._sign_off()

    def _next(self) -> list[Waiting]:
        """What waits, up to a bound; empty when it is time to look after other things."""
        batch: list[Waiting] = []
        wake_at = min(self._look_at, self.ahead.hand_back_at)
        if self._again:
            wake_at = min(wake_at, self._again_at)
        pause = max(0.0, wake_at - time.monotonic())
        while len(batch) < ATTEMPTS_PER_TRANSACTION:
            try:
                waiting = self._queue.get(timeout=pause)
            except queue.Empty:
                break
            if waiting is None:
                self._over = True
                break
            batch.append(waiting)
            pause = self._gathers(batch, time.monotonic())
        if self._again and time.monotonic() >= self._again_at:
            batch, self._again = self._again + batch, []
        return batch

    def _gathers(self, batch: list[Waiting], now: float) -> float:
        """How long what waits may wait for more, in seconds. A claim, and an end that somebody
        waits for, do not; an end waits no longer because others come after it."""
        if self._process.waits_for_ends or batch[-1].begins:
            return 0.0
        if self.ahead:
            return max(0.0, batch[0].since + TOGETHER_SECONDS - now)
        quick = now - self._claimed_at < QUICK_SECONDS
        return NEXT_CLAIM_SECONDS if quick else 0.0

    def _with_others(self, batch: list[Waiting]) -> list[Waiting]:
        """Where one job runs after the other: the jobs that are claimed with the one that is to be,
        or nothing if it does not wait any more, as is so when it was claimed with another."""
        if self._process.waits_for_ends:
            return batch
        return [self._with_others_of(waiting) if waiting.begins else waiting for waiting in batch]

    def _with_others_of(self, waiting: Waiting) -> Waiting:
        self._claimed_at = time.monotonic()
        [begin] = waiting.begins
        try:
            jobs = with_connection(partial(ahead.claimable, begin.job_id, self.ahead.most))
        except Exception:
            # Who claims meets the same trouble, and knows what to do.
            return waiting
        return replace(waiting, begins=[Begin(job_id, uuid4()) for job_id in jobs])

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
            waiting.answer.set_result(outcome if waiting.end else self._first(outcome))

    def _first(self, claims: list[Claim]) -> Claim | None:
        """The others stay here until it has been run."""
        self.ahead.put(claims[1:])
        return claims[0] if claims else None

    def _try_again_later(self, batch: list[Waiting], error: BaseException) -> None:
        """Ends, while they may still be written. Who wants to claim decides for themselves."""
        self._unwritten.failed(error)
        now = time.monotonic()
        for waiting in batch:
            if waiting.end is not None and now + self._again_pause < self.lease.until:
                self._again.append(waiting)
            else:
                waiting.answer.set_exception(error)
        self._again_at = now + self._again_pause
        self._again_pause = min(LONGEST_PAUSE_SECONDS, 2 * self._again_pause)

    def _write(self, batch: Sequence[Waiting]) -> list[Any]:
        """The claims that each got, or the job whose end it was."""
        begins = [begin for waiting in batch for begin in waiting.begins]
        ends = [waiting.end for waiting in batch if waiting.end]
        if not begins and not ends:
            return [[] for _ in batch]
        rooms = {waiting.end.job_id: waiting.room_id for waiting in batch if waiting.end}
        worker = self.lease.signed_on() if begins else self.lease.worker
        written: Written = attempts.write(worker, begins, ends, rooms)
        claims, ended = iter(written.claims), iter(written.ended)
        return [
            next(ended)
            if waiting.end
            else [claim for _ in waiting.begins if (claim := next(claims)) is not None]
            for waiting in batch
        ]

    # Looking after what runs ----------------------------------------------------------------------

    def _look_safely(self, now: float) -> None:
        """Nothing may end this thread: every job of this process depends on it."""
        if not self.lease.is_wanted:
            return
        try:
            if self.lease.worker is None:
                with_connection(self.lease.signed_on)
            else:
                with_connection(partial(self._look, now))
            self._trouble.over()
        except Exception as error:
            self._trouble.failed(error, traceback=trouble.reason(error) is None)

    def _look(self, now: float) -> None:
        beat = now >= self.lease.beat_at
        if beat and not self.lease.renew():
            self._lose_everything()
            return
        running = {attempt.lease: attempt for attempt in self._running()}
        if not (running or beat):
            return
        self._keep_progress(list(running.values()))
        mine = Job.objects.filter(worker=self.lease.worker, state=State.RUNNING)
        everything = beat or len(running) <= ROWS_PER_LOOK
        if not everything:
            mine = mine.filter(cancel_requested_at__isnull=False)
        rows = {
            lease: (job_id, cancelled)
            for job_id, lease, cancelled in mine.values_list(
                "pk", "lease_token", "cancel_requested_at"
            )
            if lease is not None
        }
        for lease, attempt in running.items():
            _, cancelled = rows.get(lease, (None, None))
            if cancelled is not None:
                attempt.stop_for(Cancelled, job_limits().job_cancel_grace_seconds)
            elif everything and lease not in rows:
                attempt.stop_for(LeaseLost)
        if beat:
            self._end_unknown({lease: rows[lease][0] for lease in rows.keys() - running.keys()})

    def _end_unknown(self, said: dict[UUID, UUID]) -> None:
        """Jobs, by their leases, that this process is said to run and does not: their claim was
        committed, and no answer came. Not before the second beat, because a job that has just been
        claimed, or whose end is just being written, is not among those that run either."""
        expected = {waiting.end.lease for waiting in self._again if waiting.end}
        unknown = said.keys() - self.ahead.leases() - expected
        for lease in unknown & self._unknown:
            logger.warning("job %s: this process does not run it; it goes back", said[lease])
            self._queue.put(Waiting(end=End(said[lease], lease, FORGOTTEN)))
        self._unknown = set(unknown)

    def _lose_everything(self) -> None:
        """The lease is over: what runs here belongs to others by now."""
        running = self._running()
        logger.warning("This process has lost its lease, and with it %d jobs", len(running))
        for attempt in running:
            attempt.stop_for(LeaseLost)
        self.ahead.take_all()
        for waiting in self._again:
            waiting.answer.set_result(None)
        self._again = []

    def _keep_progress(self, running: list[RunningAttempt]) -> None:
        rows = []
        for attempt in running:
            if attempt.progress is not attempt.stored:
                attempt.stored = attempt.progress
                rows.append(StoredProgress(attempt.stored, attempt.job.pk, attempt.lease))
        statements.update(Job, rows, by=("pk", "lease_token"))

    def _sign_off(self) -> None:
        try:
            self.lease.sign_off()
        except Exception as error:
            logger.warning("This process could not sign off: %r", error)
        finally:
            connection.close()
