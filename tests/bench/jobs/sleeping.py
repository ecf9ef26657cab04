"""Thousands of jobs that wait for something, all at once, on one pool of threads: how long all of
them take, and what the worker needs meanwhile."""

import threading
from collections.abc import Sequence
from typing import Any

from tests.bench.options import Options
from tests.bench.report import Table, Target
from tests.support.process import Process

from .part import Part
from .sides import Pool, Side, wait_for

SECONDS = 3.5
LONGER, CONNECTIONS, MEGABYTES = 1.2, 4, 600
LOOK_SECONDS = 0.5


class Peak:
    """The most memory and connections that a worker was seen with. A context manager."""

    def __init__(self, side: Side, worker: Process) -> None:
        self._side, self._worker = side, worker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.megabytes = 0.0
        self.connections: int | None = None

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        self.megabytes = max(self.megabytes, self._worker.rss() / 1e6)
        connections = self._side.connections(self._worker)
        if connections is not None:
            self.connections = max(self.connections or 0, connections)


def measure(options: Options, sides: Sequence[Side]) -> Part:
    """`sides`: Parley's, and bare Celery if it is there, which is what they are held to."""
    count = 200 if options.quick else 4_000
    found = {side.title: sleep(side, count) for side in sides}
    rows = [
        [title, each["seconds"], each["connections"], each["megabytes"]]
        for title, each in found.items()
    ]
    return Part(
        f"{count:,} jobs that sleep for {SECONDS:g} s are handed over as fast as each side takes "
        f"them, to a worker that is ready with {count:,} threads; once. Time is from the first "
        "submission to the last end, memory and connections the most that the worker, with all "
        "that it has started, was seen with.",
        [Table(["", "seconds", "database connections", "worker's MB"], rows, "Many that sleep")],
        targets(found, count),
        found,
    )


def sleep(side: Side, count: int, seconds: float = SECONDS) -> dict[str, Any]:
    worker = side.worker(Pool("threads", count))
    worker.start()
    try:
        with Peak(side, worker) as peak:
            began = side.submit_sleeps(count, seconds)
            ends = wait_for(side, count, worker)
    finally:
        worker.terminate()
    side.clear()
    return {
        "seconds": ends[-1] - began,
        "connections": peak.connections,
        "megabytes": peak.megabytes,
    }


def targets(found: dict[str, dict[str, Any]], count: int) -> list[Target]:
    bare = next((each for title, each in found.items() if title.startswith("Celery")), None)
    targets = []
    for title, each in found.items():
        if not title.startswith("Parley"):
            continue
        what = f"{title.partition(', ')[2]}: {count:,} that sleep"
        ratio = each["seconds"] / bare["seconds"] if bare else None
        targets += [
            Target(
                f"{what}, all done",
                f"≤ {LONGER:g} × Celery, no results",
                f"{ratio:.2f} ×" if ratio else f"{each['seconds']:.1f} s",
                ratio <= LONGER if ratio else None,
                "" if bare else "the other one was not measured",
            ),
            Target(
                f"{what}, database connections",
                f"≤ {CONNECTIONS}",
                str(each["connections"]),
                each["connections"] <= CONNECTIONS,
            ),
            Target(
                f"{what}, the worker's memory",
                f"≤ {MEGABYTES} MB",
                f"{each['megabytes']:.0f} MB",
                each["megabytes"] <= MEGABYTES,
            ),
        ]
    return targets
