"""What is measured side by side: something that takes work, and workers that do it.

A side is there for the whole section, with its broker and database; workers are started for each
measure and ended after it, so that only one side works at a time.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from tests.bench.driver import LoadFailed
from tests.support import environment
from tests.support.process import Process

Words = dict[str, Any]
# Nothing here takes so long when it works.
LONGEST_SECONDS = 120.0
# The first tenth of the ends is not looked at: processes that have just begun load their modules.
WARM_UP = 10


class Pool(NamedTuple):
    name: str
    slots: int


PREFORK, THREADS = Pool("prefork", 2), Pool("threads", 64)


class Side:
    """A contender. `keeps` says what is left of a job of its own when everything but its disk is
    gone; `ways` how it takes work: `loop` (one call after the other), `batch` (100 at a time), and
    `clients` (HTTP, 16 at once)."""

    title = ""
    keeps = ""
    # Of Python, that it needs beside Parley's own.
    packages: tuple[str, ...] = ()
    ways: tuple[str, ...] = ("loop",)

    def round(self, way: str, pool: Pool, count: int) -> tuple[float, float]:
        """Submissions a second, and then jobs a second to their end; nothing is left behind."""
        taken = self.submit(way, count)
        done = drained(self, pool, count)
        self.clear()
        return taken, done

    def submit(self, way: str, count: int) -> float:
        """Have nothing done so many times; submissions a second."""
        raise NotImplementedError

    def submit_sleeps(self, count: int, seconds: float) -> float:
        """As fast as it goes; the moment when it began, in seconds since 1970."""
        raise NotImplementedError

    def worker(self, pool: Pool) -> Process:
        """One that was not started yet."""
        raise NotImplementedError

    def connections(self, worker: Process) -> int | None:
        """How many the worker has to the database now; None where there is no database."""
        return None

    def ends(self) -> list[float]:
        """When jobs have ended since `clear`, in order: durably, where the side keeps anything."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget all jobs."""
        raise NotImplementedError


def lacks(side: type[Side]) -> str:
    """What this machine lacks for it, or nothing."""
    lacking = [name for name in side.packages if find_spec(name) is None]
    return f"{' and '.join(lacking)} (`make bench` installs them)" if lacking else ""


def drained(side: Side, pool: Pool, count: int) -> float:
    """Jobs a second to their end, of at least `count` that wait already."""
    worker = side.worker(pool)
    worker.launch()
    try:
        ends = wait_for(side, count, worker)
    finally:
        worker.terminate()
    return rate(ends)


def wait_for(
    side: Side, count: int, worker: Process, seconds: float = LONGEST_SECONDS
) -> list[float]:
    """Until so many have ended; looked at seldom, so that the looking costs nothing."""
    until = time.monotonic() + seconds
    while len(ends := side.ends()) < count:
        if not worker.running:
            raise LoadFailed(f"{side.title}: the worker ended:\n{worker.log()[-2000:]}")
        if time.monotonic() > until:
            raise LoadFailed(f"{side.title}: {len(ends)} of {count} jobs ended in {seconds:.0f} s")
        time.sleep(0.4)
    return ends


def rate(ends: Sequence[float]) -> float:
    first = max(1, len(ends) // WARM_UP)
    return (len(ends) - first) / (ends[-1] - ends[first - 1])


def tell(
    module: str,
    arguments: Sequence[str],
    env: Mapping[str, str] | None = None,
    seconds: float = LONGEST_SECONDS,
) -> Words:
    """What a program tells as its last line. Raises LoadFailed when it fails."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=environment.ROOT,
            env={**environment.clean(), **(env or {})},
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"{module} was not done within {seconds:.0f} s") from None
    if done.returncode:
        raise LoadFailed(f"{module}: {done.stderr.strip()[-1500:]}")
    told: Words = json.loads(done.stdout.strip().splitlines()[-1])
    return told
