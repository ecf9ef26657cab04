"""The row of this worker process, and its lease, which is the lease of all that it runs. Kept by
the clerk, in its thread and with its connection."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings

from jobs.limits import job_limits
from jobs.models import Outcome, Worker
from rooms.database import clock

from .worker import WorkerProcess


class ProcessLease:
    """`until` and `beat_at` (when it is to be renewed) are moments of the monotonic clock."""

    def __init__(self, process: WorkerProcess, pid: int) -> None:
        self.until = float("inf")
        self.beat_at = 0.0
        self.worker: Worker | None = None
        self._process, self._pid = process, pid
        # Of this process so far.
        self._done = self._failed = 0
        self._seconds = 0.0

    @property
    def is_wanted(self) -> bool:
        """A worker's process has a row from the beginning, another one from its first claim."""
        return self.worker is not None or self._process.process is not None

    def worked(self, seconds: float, outcome: Outcome) -> None:
        """An attempt is over, in any thread."""
        self._done += 1
        self._failed += outcome in (Outcome.FAILED, Outcome.TIMED_OUT)
        self._seconds += seconds

    def signed_on(self) -> Worker:
        if self.worker is None:
            asked = time.monotonic()
            clock.set_by_database()
            now = clock.now()
            worker = Worker(
                name=self._process.name[:120],
                pid=self._pid,
                process=self._process.process,
                pool=self._process.pool[:40],
                capacity=self._process.capacity,
                queues=", ".join(self._process.queues)[:500],
                version=settings.VERSION,
                started_at=now,
                seen_at=now,
                lease_expires_at=now + timedelta(seconds=job_limits().job_lease_seconds),
            )
            worker.save(force_insert=True)
            self.worker = worker
            self._renewed(asked)
        return self.worker

    def renew(self) -> bool:
        """Whether this process still had its lease. If not, its jobs are others' by now, and it
        signs on anew."""
        assert self.worker is not None
        asked = time.monotonic()
        clock.set_by_database()
        now = clock.now()
        alive = Worker.objects.filter(
            pk=self.worker.pk, ended_at=None, lease_expires_at__gt=now
        ).update(
            seen_at=now,
            lease_expires_at=now + timedelta(seconds=job_limits().job_lease_seconds),
            **self._numbers(),
        )
        if alive:
            self._renewed(asked)
            return True
        Worker.objects.filter(pk=self.worker.pk, ended_at=None).update(ended_at=now)
        self.worker, self.until = None, float("inf")
        return False

    def sign_off(self) -> None:
        if self.worker is not None:
            now = clock.now()
            Worker.objects.filter(pk=self.worker.pk).update(
                seen_at=now, lease_expires_at=now, ended_at=now, **self._numbers()
            )

    def _renewed(self, asked: float) -> None:
        self.until = asked + job_limits().job_lease_seconds
        self.beat_at = asked + job_limits().job_beat_seconds

    def _numbers(self) -> dict[str, Any]:
        return {"done": self._done, "failed": self._failed, "seconds_worked": self._seconds}
