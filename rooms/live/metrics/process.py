"""How a web process itself is: its memory, its processor time, how punctual its loop is.

Run by `node`. Read from the system while the loop waits, and shown with the other metrics.
"""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import sys
import time
from contextlib import suppress

from django.conf import settings

from . import names as metrics

# The loop's lateness is measured this often.
BEAT_SECONDS = 0.25
# The greatest lag is remembered for one to two of these, so that no scrape misses it.
WINDOW_SECONDS = 15.0

_started = time.time()


def _is_counted() -> bool:
    with suppress(OSError):
        return os.stat("/proc/self/fd").st_size > 0
    return False


COUNTED = _is_counted()


class Lag:
    """The greatest delay of this window and of the one before. Pure: the clock is handed in."""

    def __init__(self, now: float, window: float = WINDOW_SECONDS) -> None:
        self._window = window
        self._until = now + window
        self._before = 0.0
        self._here = 0.0

    def saw(self, delay: float, now: float) -> float:
        """Take a delay in; returns the greatest of late."""
        if now >= self._until:
            late = now - self._until
            self._before = self._here if late < self._window else 0.0
            self._here = 0.0
            self._until = now + self._window
        self._here = max(self._here, delay)
        return max(self._here, self._before)


async def watch() -> None:
    """Keep this process's own metrics current for as long as its loop runs."""
    metrics.INFO.labels(settings.VERSION, platform.python_version()).set(1)
    metrics.STARTED.set(_started)
    loop = asyncio.get_running_loop()
    lag = Lag(loop.time())
    while True:
        measure()
        for _ in range(round(1 / BEAT_SECONDS)):
            due = loop.time() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            now = loop.time()
            metrics.LOOP_LAG.set(lag.saw(max(0.0, now - due), now))


def measure() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    metrics.CPU.set(used.ru_utime + used.ru_stime)
    metrics.RESIDENT.set(resident_bytes(used.ru_maxrss))
    metrics.MOST_FILES.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    with suppress(OSError):
        metrics.OPEN_FILES.set(open_files())


def open_files() -> int:
    """Linux tells their number since 6.2; elsewhere they are listed, which with ten thousand takes
    a millisecond and more."""
    return os.stat("/proc/self/fd").st_size if COUNTED else len(os.listdir("/dev/fd"))


def resident_bytes(peak: int) -> int:
    """What is used now; where the system does not say, the most that ever was."""
    with suppress(OSError, IndexError, ValueError), open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
    return peak if sys.platform == "darwin" else peak * 1024
