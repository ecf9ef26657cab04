"""Ends the attempts of a process that must end: one thread for all of them, which needs no
database, so that no outage keeps it from its work. Made by `crew`.

Once a second it looks at the clock, at the process's lease and at the worker's shutdown. A reason
to stop goes up a ladder: the kind is asked (it looks at every progress and `check_cancelled`), then
forced by a signal; if it is still there after a grace, its end is written in its place and the
process is killed, where the worker can spare it. It also tells rooms of progress, so that a kind
never waits for Redis.
"""

import logging
import threading
import time
from collections.abc import Callable

from jobs.limits import job_limits
from rooms.core import bell

from .attempt import RunningAttempt, interrupted
from .clerk import Clerk
from .interruption import HandedBack, Interruption, LeaseLost, TimedOut
from .worker import WorkerProcess

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
WHISPER_PROGRESS_SECONDS = 0.25
# For writing the end of an attempt that does not come to its end.
LAST_WORD_SECONDS = 10.0


class Keeper(threading.Thread):
    def __init__(
        self,
        process: WorkerProcess,
        clerk: Clerk,
        running: Callable[[], list[RunningAttempt]],
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._process, self._clerk, self._running = process, clerk, running
        self._wake = threading.Event()
        self._over = False
        self._look_at = 0.0
        self._draining_since: float | None = None

    def wake(self) -> None:
        """Some attempt has progress to be told."""
        self._wake.set()

    def stop(self) -> None:
        self._over = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        while not self._over:
            self._wake.wait(self._pause())
            self._wake.clear()
            try:
                self._look(time.monotonic())
            except Exception:
                # Nothing may end this thread: the limits depend on it.
                logger.exception("The keeper of this process goes on")

    def _pause(self) -> float:
        now = time.monotonic()
        due = [
            attempt.whisper_at
            for attempt in self._running()
            if attempt.progress is not attempt.whispered
        ]
        return max(0.0, min([self._look_at, *due]) - now)

    def _look(self, now: float) -> None:
        running = self._running()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            shutting_down = bool(running) and self._shutting_down(now)
            for attempt in running:
                self._reasons(attempt, now, shutting_down)
                self._ladder(attempt, now)
        for attempt in running:
            if attempt.progress is not attempt.whispered and now >= attempt.whisper_at:
                whisper(attempt, now)

    def _shutting_down(self, now: float) -> bool:
        """Whether the worker waits no longer for its jobs to end."""
        if not self._process.draining():
            self._draining_since = None
            return False
        self._draining_since = self._draining_since or now
        return now - self._draining_since >= job_limits().job_drain_seconds

    def _reasons(self, attempt: RunningAttempt, now: float, shutting_down: bool) -> None:
        if now > self._clerk.lease.until:
            # Nobody could be told in time that we still live; another worker may start any moment.
            attempt.stop_for(LeaseLost)
        if now >= attempt.soft_at:
            attempt.stop_for(TimedOut)
        if shutting_down:
            attempt.stop_for(HandedBack)

    def _ladder(self, attempt: RunningAttempt, now: float) -> None:
        wanted = attempt.window.wanted
        if wanted is None:
            return
        if attempt.force_at is not None and now >= attempt.force_at:
            attempt.force_at = None
            # Time to tidy up after the force, however late that came.
            attempt.kill_at = max(attempt.kill_at or now, now + LOOK_SECONDS)
            attempt.window.force()
        if attempt.kill_at is not None and now >= attempt.kill_at:
            attempt.kill_at = None
            self._end_for_it(attempt, wanted)

    def _end_for_it(self, attempt: RunningAttempt, wanted: type[Interruption]) -> None:
        """The kind does not come to its end: write it, and free the worker."""
        logger.error("job %s does not stop (%s); giving it up", attempt.job.pk, wanted.__name__)
        if wanted is not LeaseLost:
            ending = interrupted(wanted)
            try:
                if self._clerk.end(attempt.claim, ending).result(LAST_WORD_SECONDS) is None:
                    return
            except Exception as error:
                logger.warning("job %s: its end could not be written: %r", attempt.job.pk, error)
        self._process.kill()


def whisper(attempt: RunningAttempt, now: float) -> None:
    attempt.whispered, attempt.whisper_at = attempt.progress, now + WHISPER_PROGRESS_SECONDS
    job = attempt.job
    if job.room is None:
        return
    event = {
        "type": "job.progress",
        "room": job.room.slug,
        "job": str(job.pk),
        "progress": attempt.whispered,
        "attempt": job.attempt,
    }
    bell.whisper(job.room.pk, f"job:{job.pk}", event)
