"""Stopping a kind's function from outside: politely, where it asks; then by a signal.

Raised inside kinds. They are no `Exception`, so that a kind's `except Exception` does not swallow
them; a kind may catch one to tidy up and then raises it again.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

from jobs.lifecycle.asking import NewQuestion
from jobs.models import Outcome


class Interruption(BaseException):
    """The attempt has to end now."""

    outcome: ClassVar[Outcome]


class Cancelled(Interruption):
    """Somebody asked for it."""

    outcome = Outcome.CANCELLED


class TimedOut(Interruption):
    """The soft time limit has passed."""

    outcome = Outcome.TIMED_OUT


class HandedBack(Interruption):
    """The worker is shutting down: another one will begin again."""

    outcome = Outcome.INTERRUPTED


class LeaseLost(Interruption):
    """Another worker may have the job by now; whatever this one writes is refused."""

    outcome = Outcome.LOST


class NeedsProcess(Interruption):
    """This worker cannot give the kind the process that it needs."""

    outcome = Outcome.INTERRUPTED


class WaitsForAnswer(Interruption):
    """The job has asked something, and waits for the answer without a worker. Raised by the kind's
    own context."""

    outcome = Outcome.ASKED

    def __init__(self, asked: NewQuestion) -> None:
        super().__init__(asked.text)
        self.asked = asked


class WaitsForParts(Interruption):
    """The job has made parts, and waits without a worker until they have ended. Raised by the
    kind's own context."""

    outcome = Outcome.FANNED_OUT


SIGNAL = signal.SIGUSR1


class InterruptWindow:
    """When the thread that runs a kind may be interrupted, and with what.

    The thread opens the window around the kind's function; the keeper of the lease asks, and later
    forces. Only a process's main thread can be forced: elsewhere asking has to do. While the
    context writes to the database the window is shut, so that no commit is torn in two.
    """

    def __init__(self) -> None:
        self.wanted: type[Interruption] | None = None
        self._thread = threading.current_thread()
        self._forceable = self._thread is threading.main_thread()
        self._open = False
        self._forced = False

    # The keeper's side.

    def ask(self, reason: type[Interruption]) -> None:
        """The first reason counts, but for a lost lease: after that nothing else matters."""
        if self.wanted is None or reason is LeaseLost:
            self.wanted = reason

    def force(self) -> None:
        self._forced = True
        if self._forceable and self._thread.ident is not None and self._thread.is_alive():
            signal.pthread_kill(self._thread.ident, SIGNAL)

    # The kind's side.

    def check(self) -> None:
        if self.wanted is not None:
            raise self.wanted()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Around `opened`: the handler stays until nothing can be forced any more."""
        if not self._forceable:
            yield
            return
        before = signal.signal(SIGNAL, self._on_signal)
        try:
            yield
        finally:
            self._open = False
            signal.signal(SIGNAL, before)

    @contextmanager
    def opened(self) -> Iterator[None]:
        self._open = True
        try:
            if self._forced:
                self.check()
            yield
        finally:
            self._open = False

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let the thread finish what it writes; what was forced meanwhile is raised after it."""
        if threading.current_thread() is not self._thread or not self._open:
            yield
            return
        self._open = False
        try:
            yield
        finally:
            self._open = True
        if self._forced:
            self.check()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._open:
            self.check()
