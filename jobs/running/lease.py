"""Keeps one attempt alive, and ends it when it must end. Made by `runner`, a thread an attempt.

Once a second it looks at the job's row: is the lease still ours, does somebody want it cancelled?
Every few seconds it renews the lease. It carries the progress that the kind reports, so that a
kind never waits for Redis. And it watches the clock and the worker's shutdown.

A reason to stop goes up a ladder: the kind is asked (it looks at every progress and
`check_cancelled`), then forced by a signal; if it is still there after a grace, its end is written
from here and the process is killed, where the worker can spare it.
"""

import logging
import threading
import time
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from jobs.lifecycle.transitions import end_attempt
from jobs.lifecycle.verdict import Ending, Failure
from jobs.limits import job_limits
from jobs.models import Job, State
from rooms.core import bell

from .interruption import Cancelled, HandedBack, Interruption, InterruptWindow, LeaseLost, TimedOut
from .worker import WorkerProcess

logger = logging.getLogger(__name__)

ROW_CHECK_SECONDS = 1.0
WHISPER_PROGRESS_SECONDS = 0.25
STORE_PROGRESS_SECONDS = 1.0


class LeaseKeeper(threading.Thread):
    """`soft` and `hard` are the kind's time limits."""

    def __init__(
        self,
        job: Job,
        lease: UUID,
        window: InterruptWindow,
        process: WorkerProcess,
        soft: float,
        hard: float,
    ) -> None:
        super().__init__(name=f"lease of {job}", daemon=True)
        self.job, self.lease, self.window, self.process = job, lease, window, process
        now = time.monotonic()
        self.progress: dict[str, Any] | None = None
        self._whispered: dict[str, Any] | None = None
        self._stored: dict[str, Any] | None = None
        self._wake = threading.Event()
        self._over = False
        self._renewed = now
        self._soft_at, self._hard_at = now + soft, now + hard
        self._watch_at = now + ROW_CHECK_SECONDS
        self._whisper_at = self._store_at = now
        self._draining_since: float | None = None
        self._force_at: float | None = None
        self._kill_at: float | None = None

    # The kind's side.

    def report(self, progress: dict[str, Any]) -> None:
        """The last value wins."""
        self.progress = progress
        if self._whisper_at <= time.monotonic():
            self._wake.set()

    def stop(self) -> None:
        """The attempt's function has returned."""
        self._over = True
        self._wake.set()
        self.join()

    # The thread's side.

    def run(self) -> None:
        try:
            while not self._over:
                self._wake.wait(self._pause(time.monotonic()))
                self._wake.clear()
                if not self._over:
                    self._look_safely()
        finally:
            connection.close()

    def _pause(self, now: float) -> float:
        due = [self._watch_at]
        if self.progress is not self._whispered:
            due.append(self._whisper_at)
        return max(0.0, min(due) - now)

    def _look_safely(self) -> None:
        """Nothing may end this thread before its time: the lease and the limits depend on it."""
        try:
            self._look(time.monotonic())
        except Exception:
            logger.exception("job %s: its keeper goes on", self.job.pk)
            connection.close()

    def _look(self, now: float) -> None:
        if now >= self._watch_at:
            self._watch_at = now + ROW_CHECK_SECONDS
            try:
                self._watch(now)
            except DatabaseError as error:
                logger.warning("job %s: the database did not answer: %s", self.job.pk, error)
                connection.close()
            self._reasons(now)
            self._ladder(now)
        if self.progress is not self._whispered and now >= self._whisper_at:
            self._whisper(now)

    def _watch(self, now: float) -> None:
        if now - self._renewed >= job_limits().job_beat_seconds:
            if self.job.renew(self.lease, job_limits().job_lease_seconds):
                self._renewed = now
        if self.progress is not self._stored and now >= self._store_at:
            self._stored, self._store_at = self.progress, now + STORE_PROGRESS_SECONDS
            self.job.hold(self.lease, progress=self._stored)
        row = (
            Job.objects.filter(pk=self.job.pk, state=State.RUNNING, lease_token=self.lease)
            .values_list("cancel_requested_at")
            .first()
        )
        if row is None:
            self._stop_for(LeaseLost, now, patience=0)
        elif row[0] is not None:
            self._stop_for(Cancelled, now, patience=job_limits().job_cancel_grace_seconds)

    def _reasons(self, now: float) -> None:
        """What does not take the database to know."""
        if now - self._renewed > job_limits().job_lease_seconds:
            # Nobody could be told in time that we still live; another worker may start any moment.
            self._stop_for(LeaseLost, now, patience=0)
        if now >= self._soft_at:
            self._stop_for(TimedOut, now, patience=0)
        if self.process.draining():
            self._draining_since = self._draining_since or now
            if now - self._draining_since >= job_limits().job_drain_seconds:
                self._stop_for(HandedBack, now, patience=0)

    def _stop_for(self, reason: type[Interruption], now: float, patience: float) -> None:
        if self.window.wanted is None:
            self._force_at = now + patience
            self._kill_at = now + patience + job_limits().job_cancel_grace_seconds
            if reason is TimedOut:
                self._kill_at = self._hard_at
        elif reason is LeaseLost and self._force_at is not None:
            self._force_at = now
        self.window.ask(reason)

    def _ladder(self, now: float) -> None:
        wanted = self.window.wanted
        if wanted is None:
            return
        if self._force_at is not None and now >= self._force_at:
            self._force_at = None
            # Time to tidy up after the force, however late that came.
            self._kill_at = max(self._kill_at or now, now + ROW_CHECK_SECONDS)
            self.window.force()
        if self._kill_at is not None and now >= self._kill_at:
            self._end_for_it(wanted)
            self._kill_at = None

    def _end_for_it(self, wanted: type[Interruption]) -> None:
        """The kind does not come to its end: write it, and free the worker."""
        logger.error("job %s does not stop (%s); giving it up", self.job.pk, wanted.__name__)
        ending = interrupted(wanted)
        if wanted is not LeaseLost:
            if end_attempt(self.job.pk, self.lease, ending) is None:
                return
        connection.close()
        self.process.kill()

    def _whisper(self, now: float) -> None:
        self._whispered, self._whisper_at = self.progress, now + WHISPER_PROGRESS_SECONDS
        if self.job.room is None:
            return
        event = {
            "type": "job.progress",
            "room": self.job.room.slug,
            "job": str(self.job.pk),
            "progress": self._whispered,
            "attempt": self.job.attempt,
        }
        bell.whisper(self.job.room.pk, f"job:{self.job.pk}", event)


MESSAGES: dict[type[Interruption], str] = {
    Cancelled: "It was cancelled.",
    TimedOut: "It took longer than it may.",
    HandedBack: "Its worker was shut down; another one begins again.",
    LeaseLost: "Its worker was cut off for too long.",
}


def interrupted(reason: type[Interruption], traceback: str = "") -> Ending:
    """How an attempt ends that was interrupted."""
    failure = Failure(reason.__name__, MESSAGES[reason], traceback)
    return Ending(reason.outcome, failure)
