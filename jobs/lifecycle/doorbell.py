"""Tells workers that a job waits for them. A ring may be lost or doubled: the sweeper rings again
for a job that nobody picks up, and a job is claimed once.

Called by `transitions` and `actions`; `tasks` provides what carries the ring.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from django.db import transaction

from jobs.models import Job
from rooms.core.outages import Outage

logger = logging.getLogger(__name__)
_unreached = Outage(logger, "The broker was not reached; the sweeper will ring again")

# After a ring that failed, the broker is left alone for this long: the next callers do not wait.
QUIET_SECONDS = 2.0
# Rung for in one go.
JOBS_PER_RING = 500

Ring = Callable[[Sequence[Job]], None]
_ring: Ring | None = None
_quiet_until = 0.0


def carried_by(ring: Ring) -> None:
    """`ring` sends a message for each without waiting long, or raises."""
    global _ring
    _ring = ring


def ring_on_commit(jobs: Iterable[Job]) -> None:
    """Ring for jobs whose `rung_at` this transaction has set."""
    rung = list(jobs)
    if rung:
        transaction.on_commit(lambda: ring(rung), robust=True)


def ring(jobs: Iterable[Job]) -> int:
    """Ring now. Never raises; returns how many rings were sent."""
    global _quiet_until
    sent, left = 0, iter(jobs)
    while some := list(islice(left, JOBS_PER_RING)):
        if _ring is None or time.monotonic() < _quiet_until:
            break
        try:
            _ring(some)
            sent += len(some)
        except Exception as error:
            _quiet_until = time.monotonic() + QUIET_SECONDS
            _unreached.failed(repr(error))
        else:
            _unreached.over()
    return sent
