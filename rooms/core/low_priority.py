"""Threads for what keeps a core busy for a while and does not hold the interpreter: hashes of
passwords, pictures. As many at once as there are requests would leave the event loop a tenth of its
core. So there are few, behind everything else where the system has priorities of threads.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from rooms.protocol import Busy

NICE = 10
T = TypeVar("T")


class LowPriorityThreads:
    """`count` threads; at most `waiting` calls wait for one, None: any number."""

    def __init__(self, count: int, name: str, waiting: int | None = None) -> None:
        self._count, self._name, self._most = count, name, waiting
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._pid = self._calls = 0

    def run(self, call: Callable[..., T], *args: Any) -> T:
        """What it returns or raises. Raises Busy, at once, when too many wait already."""
        with self._lock:
            if self._executor is None or self._pid != os.getpid():
                # A fork has the object and not the threads.
                self._executor = ThreadPoolExecutor(self._count, self._name, initializer=_give_way)
                self._pid, self._calls = os.getpid(), 0
            if self._most is not None and self._calls >= self._count + self._most:
                raise Busy("Too many at once. Try again in a moment.", 2.0)
            self._calls += 1
            future = self._executor.submit(call, *args)
        try:
            return future.result()
        finally:
            with self._lock:
                self._calls -= 1


def _give_way() -> None:
    # Elsewhere a thread's number means nothing here, or another process.
    if sys.platform == "linux":
        number = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, number, os.getpriority(os.PRIO_PROCESS, number) + NICE)
