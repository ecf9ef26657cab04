"""The sweeper's own process: sweeps at its interval whatever the workers are busy with.

Run by `manage.py sweep`. An error ends one sweep and never the loop.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from django.db import close_old_connections

from jobs import hearing
from jobs.limits import job_limits
from rooms.core.outages import Outage
from rooms.database import signs_of_life, trouble

from .sweeper import QueueDepth, expire, sweep

logger = logging.getLogger(__name__)

PARENT_CHECK_SECONDS = 1.0
# The sign of life that all sweepers share, and how often each gives it.
SIGN, SIGN_SECONDS = "sweeper", 10.0


class Lane:
    """`parent`: the process id without which this one ends, or None. `canaries` sends those that
    tell whether workers hear."""

    def __init__(
        self,
        waiting: QueueDepth,
        parent: int | None = None,
        canaries: hearing.SendCanaries | None = None,
    ) -> None:
        self._waiting, self._parent, self._canaries = waiting, parent, canaries
        self._stopped = False
        self._ask_at = 0.0
        self._sign_at = 0.0
        self._wake = threading.Event()
        # Processes of the worker that have ended, until this is written.
        self._gone: set[UUID] = set()
        self._trouble = Outage(logger, "Jobs could not be swept")
        self._unsent = Outage(logger, "No canaries could be sent")

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()

    def hear(self, lines: Iterable[str]) -> None:
        """The ids of processes of the worker that have ended, a line each, until it says no more.
        What they ran is swept at once. From a thread of its own."""
        for line in lines:
            with suppress(ValueError):
                self._gone.add(UUID(line.strip()))
                self._wake.set()

    def run(self) -> None:
        """Until `stop`, or until the parent is gone."""
        while self._goes_on():
            started = time.monotonic()
            if not self._sweep():
                self._rest(started + job_limits().job_sweep_seconds)

    def _sweep(self) -> bool:
        """Whether there is more to do at once."""
        close_old_connections()
        try:
            if gone := set(self._gone):
                expire(gone)
                self._gone -= gone
            swept = sweep(self._waiting)
            if time.monotonic() >= self._sign_at:
                self._sign_at = time.monotonic() + SIGN_SECONDS
                signs_of_life.give(SIGN)
            self._trouble.over()
        except Exception as error:
            # The next one comes in two seconds: an outage is said once a minute, a fault in full.
            self._trouble.failed(error, traceback=trouble.reason(error) is None)
            return False
        else:
            self._ask()
            return swept.left_some
        finally:
            close_old_connections()

    def _ask(self) -> None:
        """Whether the workers hear, when it is time to."""
        if self._canaries is None or time.monotonic() < self._ask_at:
            return
        self._ask_at = time.monotonic() + min(1.0, job_limits().job_canary_seconds / 4)
        try:
            hearing.ask(self._canaries)
            self._unsent.over()
        except Exception as error:
            self._unsent.failed(repr(error))

    def _rest(self, until: float) -> None:
        while self._goes_on() and (left := until - time.monotonic()) > 0:
            if self._wake.wait(min(left, PARENT_CHECK_SECONDS)):
                self._wake.clear()
                return

    def _goes_on(self) -> bool:
        orphaned = self._parent is not None and os.getppid() != self._parent
        return not orphaned and not self._stopped
