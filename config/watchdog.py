"""Ends a worker whose loop does not turn, or whose broker has stopped answering without anybody
noticing: with a reason in the log, so that whoever keeps the worker (systemd, `manage.py up`)
starts another. A process that looks alive and takes no jobs is worse than none.

Started by `config.celery`, which also ticks from the worker's loop. While the worker is connecting
to its broker there is nothing to watch: that has limits of its own and goes on for as long as the
broker is away.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from time import monotonic

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# Kombu drops such a connection by itself after 11 to 21 seconds.
BROKER_SECONDS = 45.0


class Watchdog(threading.Thread):
    """`watches`: whether the loop ought to turn now. `end` is called once, and does not return.
    A loop that is well turns every second; `loop_seconds` is above what its longest call may take:
    reads and writes of the broker are 5 s each, some of them in a row."""

    def __init__(
        self,
        watches: Callable[[], bool],
        end: Callable[[], None],
        loop_seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._watches, self._end, self._clock = watches, end, clock
        self._loop_seconds = loop_seconds
        self._loop = threading.current_thread().ident
        self._ticked_at = self._looked_at = clock()
        self._unanswered = 0.0
        self._over = threading.Event()

    def tick(self, unanswered_seconds: float) -> None:
        """From the loop, each time that it turns, a second apart. `unanswered_seconds`: how long
        the broker has owed an answer."""
        self._ticked_at, self._unanswered = self._clock(), unanswered_seconds

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if reason := self.reason():
                logger.critical("The worker ends itself: %s. %s", reason, self._where())
                self._end()
                return

    def reason(self) -> str | None:
        """Why this worker has to end, in words; None while all is well."""
        now = self._clock()
        if now - self._looked_at > LOOK_SECONDS + self._loop_seconds / 2 or not self._watches():
            # The whole process stood still (a laptop asleep, SIGSTOP), or there is nothing to
            # watch: its loop gets its time anew.
            self._ticked_at = now
        self._looked_at = now
        silent = now - self._ticked_at
        if silent > self._loop_seconds:
            return f"its loop has not turned for {silent:.0f} seconds"
        if self._unanswered > BROKER_SECONDS:
            return f"its broker has not answered for {self._unanswered:.0f} seconds"
        return None

    def _where(self) -> str:
        """The stack of the loop's thread, for whoever looks into it."""
        frame = sys._current_frames().get(self._loop or 0)
        if frame is None:
            return "Its thread is gone."
        return "It is here:\n" + "".join(traceback.format_stack(frame))
