"""Whether one more job is taken. Called by `insertion` and `actions.retry` inside their
transactions, for every way in.

A person with too many unfinished jobs is told to wait (429). Everybody is, when a queue is too
long or its oldest job too old (503). Both say for how long, by the rate at which jobs finish.
"""

import math
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection

from jobs.lifecycle import pausing
from jobs.limits import JobLimits, job_limits
from jobs.models import GOING, Job, State
from rooms.core import person_lock
from rooms.database import clock
from rooms.models import User
from rooms.protocol import Busy, RateLimited

# A queue is measured at most this often; what this process admits in between is counted on top.
MEASURE_SECONDS = 1.0
RATE_WINDOW_SECONDS = 60
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 300.0
# Written out as in the indexes `job_in_flight` and `job_waiting`, which alone leave a person's
# history out. Two, because the version before names the first with the states that it knows.
STATES = ", ".join(f"'{state.value}'" for state in GOING)
IN_FLIGHT = (
    "SELECT requested_by_id, COUNT(*) FROM jobs_job {going} WHERE requested_by_id IN ({people})"
    f" AND state IN ({STATES}) GROUP BY requested_by_id UNION ALL "
    "SELECT requested_by_id, COUNT(*) FROM jobs_job {waiting} WHERE requested_by_id IN ({people})"
    f" AND state = '{State.WAITING.value}' GROUP BY requested_by_id"
)
# SQLite takes any index on the column, unless it is told.
NAMED = {
    "sqlite": {"going": "INDEXED BY job_in_flight", "waiting": "INDEXED BY job_waiting"},
}


@dataclass(frozen=True)
class Load:
    """One queue: how many jobs wait, since when the first, and how many finish in a second."""

    depth: int
    oldest: datetime | None
    rate: float


@dataclass(frozen=True)
class Share:
    """A person's unfinished jobs: the most there may be, how many more may come, and in how many
    seconds the next one will have ended."""

    most: int
    left: int
    seconds: float


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


class Gate:
    """Lets jobs in, one after the other, for some people and queues. What it has let in counts, so
    it is good for one transaction, in which these people are locked."""

    def __init__(self, in_flight: Mapping[int, int], loads: Mapping[str, Load]) -> None:
        self._in_flight = dict(in_flight)
        self._loads = dict(loads)
        self._limits = job_limits()
        self._now = clock.now()
        self.admitted: list[str] = []

    def admit(self, user_id: int, queue: str) -> None:
        """Raises RateLimited or Busy."""
        load = self._loads[queue]
        require_share(self._in_flight.get(user_id, 0), load.rate, self._limits)
        require_room(load, self._now, self._limits)
        self._in_flight[user_id] = self._in_flight.get(user_id, 0) + 1
        self._loads[queue] = replace(load, depth=load.depth + 1)
        self.admitted.append(queue)

    def give_back(self, user_id: int, queue: str) -> None:
        """The one that was just let in did not come."""
        self._in_flight[user_id] -= 1
        load = self._loads[queue]
        self._loads[queue] = replace(load, depth=load.depth - 1)
        self.admitted.remove(queue)

    def share(self, user_id: int, queue: str) -> Share:
        most = self._limits.jobs_in_flight_per_user
        left = max(0, most - self._in_flight.get(user_id, 0))
        return Share(most, left, wait(1, self._loads[queue].rate))

    def count(self) -> None:
        """What was let in is there: this process knows without measuring."""
        for queue in self.admitted:
            _loads.count(queue)


class OpenGate(Gate):
    """For the parts of a job that was let in: they are its own, and were bounded with it. What it
    lets in counts for others."""

    def admit(self, user_id: int, queue: str) -> None:
        self.admitted.append(queue)

    def give_back(self, user_id: int, queue: str) -> None:
        self.admitted.remove(queue)


def loads(queues: Collection[str]) -> dict[str, Load]:
    """Asked before a transaction: to measure takes a while, and nobody should wait for it."""
    return {queue: _loads.of(queue) for queue in queues}


def gate_in_transaction(user_ids: Collection[int], known: Mapping[str, Load]) -> Gate:
    """Locks the people, so that two requests of one person are counted one after the other."""
    person_lock.hold_in_transaction(*user_ids)
    return Gate(in_flight(user_ids), known)


def admit_in_transaction(user: User, queue: str) -> None:
    """One more job of one person. Raises RateLimited or Busy."""
    gate = gate_in_transaction([user.pk], loads([queue]))
    gate.admit(user.pk, queue)
    gate.count()


def in_flight(user_ids: Collection[int]) -> dict[int, int]:
    """How many unfinished jobs each has who has any."""
    if not user_ids:
        return {}
    people = ", ".join(["%s"] * len(user_ids))
    named = NAMED.get(connection.vendor, {"going": "", "waiting": ""})
    statement = IN_FLIGHT.format(people=people, **named)
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*user_ids, *user_ids])
        for user_id, number in cursor.fetchall():
            found[user_id] = found.get(user_id, 0) + number
    return found


def measure(queue: str) -> Load:
    """What is paused counts in the depth, which is bounded, and not in the age: it is taken."""
    since = clock.now() - timedelta(seconds=RATE_WINDOW_SECONDS)
    finished = Job.objects.filter(finished_at__gte=since, queue=queue).count()
    waiting = pausing.waiting([queue]).get(queue, pausing.WaitingJobs())
    return Load(waiting.number, waiting.since, finished / RATE_WINDOW_SECONDS)


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
