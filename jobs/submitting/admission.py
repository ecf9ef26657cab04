"""Whether one more job is taken. Called by `actions.submit` inside its transaction.

A person with too many unfinished jobs is told to wait (429). Everybody is, when a queue is too
long or its oldest job too old (503). Both say for how long, by the rate at which jobs finish.
"""

import math
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from jobs.limits import JobLimits, job_limits
from jobs.models import UNFINISHED, Job, State
from rooms.models import User
from rooms.protocol import Busy, RateLimited

# A queue is measured at most this often; what this process admits in between is counted on top.
MEASURE_SECONDS = 1.0
RATE_WINDOW_SECONDS = 60
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 300.0


@dataclass(frozen=True)
class Load:
    """One queue: how many jobs wait, since when the first, and how many finish in a second."""

    depth: int
    oldest: datetime | None
    rate: float


def wait(excess: float, rate: float) -> float:
    """Seconds until `excess` jobs have finished, as whole seconds a client can be told."""
    seconds = excess / rate if rate > 0 else LONGEST_WAIT_SECONDS
    return float(math.ceil(min(LONGEST_WAIT_SECONDS, max(SHORTEST_WAIT_SECONDS, seconds))))


def require_room(load: Load, now: datetime, limits: JobLimits) -> None:
    """Pure: refuse when the queue is too long or too old."""
    if load.depth >= limits.jobs_queued:
        # Let a tenth drain, so that the first to come back is not refused again.
        excess = load.depth - 0.9 * limits.jobs_queued
        raise Busy(
            f"{load.depth:,} jobs are waiting already. Try again later.", wait(excess, load.rate)
        )
    if load.oldest is not None and (now - load.oldest).total_seconds() > limits.job_oldest_seconds:
        raise Busy(
            "Jobs wait too long: the workers do not keep up. Try again later.",
            wait(load.depth, load.rate),
        )


def require_share(in_flight: int, rate: float, limits: JobLimits) -> None:
    """Pure: refuse when a person has as many unfinished jobs as they may."""
    most = limits.jobs_in_flight_per_user
    if in_flight >= most:
        raise RateLimited(
            f"You have {in_flight} unfinished jobs, and {most} is the most. Wait for one to end.",
            wait(1, rate),
        )


def admit(user: User, queue: str) -> None:
    """Raises RateLimited or Busy. The user's row is locked, so that two requests of one person
    are counted one after the other."""
    limits = job_limits()
    load = _loads.of(queue)
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
    in_flight = Job.objects.filter(requested_by=user, state__in=UNFINISHED).count()
    require_share(in_flight, load.rate, limits)
    require_room(load, timezone.now(), limits)
    _loads.count(queue)


def measure(queue: str) -> Load:
    waiting = Job.objects.filter(queue=queue, state=State.QUEUED)
    since = timezone.now() - timedelta(seconds=RATE_WINDOW_SECONDS)
    finished = Job.objects.filter(finished_at__gte=since, queue=queue).count()
    oldest = waiting.aggregate(oldest=Min("queued_at"))["oldest"]
    return Load(waiting.count(), oldest, finished / RATE_WINDOW_SECONDS)


class Loads:
    """This process's view of the queues."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Load]] = {}

    def of(self, queue: str) -> Load:
        with self._lock:
            known = self._known.get(queue)
        if known is not None and time.monotonic() - known[0] < MEASURE_SECONDS:
            return known[1]
        load = measure(queue)
        with self._lock:
            self._known[queue] = (time.monotonic(), load)
        return load

    def count(self, queue: str) -> None:
        with self._lock:
            if queue in self._known:
                at, load = self._known[queue]
                self._known[queue] = (at, replace(load, depth=load.depth + 1))

    def forget(self) -> None:
        """For tests: the next look measures."""
        with self._lock:
            self._known.clear()


_loads = Loads()
forget = _loads.forget
