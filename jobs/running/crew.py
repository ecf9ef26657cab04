"""What runs in this process: its attempts, the two threads that look after them, and the loop of
those that are coroutines. One a process, made when a worker's process begins, which is after its
fork, or else at its first job."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .attempt import RunningAttempt
from .clerk import Clerk
from .event_loop import EventLoop
from .keeper import Keeper
from .worker import WorkerProcess


class Crew:
    def __init__(self, process: WorkerProcess) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._running: dict[int, RunningAttempt] = {}
        self._event_loop: EventLoop | None = None
        self.clerk = Clerk(process, self.pid, self.running)
        self.keeper = Keeper(process, self.clerk, self.running)
        self.clerk.start()
        self.keeper.start()

    def event_loop(self) -> EventLoop:
        """For kinds that are coroutines; made when the first one comes."""
        with self._lock:
            if self._event_loop is None:
                self._event_loop = EventLoop()
            return self._event_loop

    def running(self) -> list[RunningAttempt]:
        with self._lock:
            return list(self._running.values())

    @contextmanager
    def looking_after(self, attempt: RunningAttempt) -> Iterator[None]:
        """The attempt has its limits, and is stopped when it must be, in here."""
        with self._lock:
            self._running[id(attempt)] = attempt
        try:
            yield
        finally:
            with self._lock:
                del self._running[id(attempt)]

    def stop(self) -> None:
        self.keeper.stop()
        self.clerk.stop()
        if self._event_loop is not None:
            self._event_loop.stop()


_crew: Crew | None = None
_lock = threading.Lock()


def of(process: WorkerProcess) -> Crew:
    global _crew
    crew = _crew
    if crew is None or crew.pid != os.getpid():
        with _lock:
            if _crew is None or _crew.pid != os.getpid():
                _crew = Crew(process)
            crew = _crew
    return crew


def is_busy() -> bool:
    """Whether attempts run in this process."""
    crew = _crew
    return crew is not None and crew.pid == os.getpid() and bool(crew.running())


def stop() -> None:
    """Write what waits and sign off; the next job begins anew."""
    global _crew
    with _lock:
        crew, _crew = _crew, None
    if crew is not None and crew.pid == os.getpid():
        crew.stop()
