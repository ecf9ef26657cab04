"""Whether workers hear: one that renews its lease and has a free slot, and yet takes no message, is
deaf. Its consumer is gone, its connection leads nowhere, or the process that has it stands still.

Now and then a round of canaries is sent to each queue that living workers say they serve: as many
as these are, each of which is waiting and takes one. Who takes one says so here. What was asked of
whom stands in the cache, which is the database: nothing of it is missed when it is lost, but for a
minute. A busy worker is asked nothing, and so owes no answer. Knows nothing of Celery.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache

from rooms.database import clock

from . import overview
from .limits import job_limits
from .overview import WorkerNow

logger = logging.getLogger(__name__)

# Rounds that a worker may miss: a quicker one may have taken both canaries.
ROUNDS = 3
# A queue in which nobody hears gets few of them: they would heap up.
SELDOM = 4
# Whoever asks, two rounds of a queue are as far apart at least. Seconds.
SHORTEST_SECONDS = 5
# What is known of a worker that is gone is forgotten then. Seconds.
KEPT_SECONDS = 24 * 3600
# One that is killed meanwhile is asked again then. Seconds.
OCCUPIED_SECONDS = 3600

# Sends so many canaries to each queue, without waiting long, or raises.
SendCanaries = Callable[[Mapping[str, int]], None]


class Ear(NamedTuple):
    """A worker, all its processes together, and a queue that it says it serves."""

    worker: str
    queue: str


class Known(NamedTuple):
    """Whether the worker could take a job now, and since when the first of its processes runs."""

    is_free: bool
    since: datetime


def _ears(workers: Iterable[WorkerNow]) -> dict[Ear, Known]:
    workers = list(workers)
    away = cache.get_many({_away(each.row.name) for each in workers}) if workers else {}
    found: dict[Ear, Known] = {}
    for each in workers:
        row = each.row
        is_free = each.busy < row.capacity and _away(row.name) not in away
        for queue in filter(None, row.queues.split(", ")):
            ear = Ear(row.name, queue)
            known = found.get(ear, Known(False, row.started_at))
            found[ear] = Known(known.is_free or is_free, min(known.since, row.started_at))
    return found


def deaf(workers: Iterable[WorkerNow]) -> list[Ear]:
    """Those that have a free slot, and were asked long ago and have not answered since. What was
    asked of a worker of the same name that has ended is not owed."""
    free = {ear: known.since for ear, known in _ears(workers).items() if known.is_free}
    asked = _asked_at(free)
    before = clock.now().timestamp() - ROUNDS * job_limits().job_canary_seconds
    return sorted(ear for ear in asked if max(asked[ear], free[ear].timestamp()) < before)


def _asked_at(ears: Iterable[Ear]) -> dict[Ear, float]:
    keys = {_asked(ear): ear for ear in ears}
    return {keys[key]: at for key, at in cache.get_many(keys).items()} if keys else {}


def heard(ear: Ear) -> None:
    """A worker has taken a canary."""
    cache.delete(_asked(ear))


def ask(send: SendCanaries, at_once: bool = False) -> dict[str, int]:
    """Send a round to the queues whose last one is long enough ago, be it of another process;
    `at_once`: some seconds are. Returns how many canaries each got. Raises what `send` and the
    database raise."""
    now = clock.now()
    workers = overview.workers(now)
    there = _ears(workers)
    unheard = set(deaf(workers))
    round_: dict[str, int] = {}
    for queue in sorted({ear.queue for ear in there}):
        here = {ear: known for ear, known in there.items() if ear.queue == queue}
        free = [ear for ear, known in here.items() if known.is_free]
        hopeless = bool(free) and unheard.issuperset(free)
        if not _is_due(queue, at_once and not hopeless, SELDOM if hopeless else 1):
            continue
        asked = _asked_at(free)
        for ear, known in here.items():
            if not known.is_free:
                cache.delete(_asked(ear))
            elif asked.get(ear, 0.0) < known.since.timestamp():
                cache.set(_asked(ear), now.timestamp(), KEPT_SECONDS)
        if free:
            round_[queue] = 1 if hopeless else len(free)
    if round_:
        try:
            send(round_)
        except Exception:
            # Nobody owes an answer to what was not asked.
            cache.delete_many([_asked(ear) for ear in there if ear.queue in round_])
            raise
    return round_


def _is_due(queue: str, at_once: bool, times: int) -> bool:
    """One of those who ask at the same moment gets a yes."""
    seconds = times * job_limits().job_canary_seconds
    if at_once:
        seconds = min(seconds, SHORTEST_SECONDS)
    now = clock.now().timestamp()
    last = cache.get(f"canary:round:{queue}")
    if last is not None and 0 <= now - last < seconds:
        return False
    # The turn is over before the next one can be due.
    if not cache.add(f"canary:turn:{queue}", now, max(1.0, min(seconds, SHORTEST_SECONDS) / 2)):
        return False
    cache.set(f"canary:round:{queue}", now, KEPT_SECONDS)
    return True


@contextmanager
def occupied(worker: str) -> Iterator[None]:
    """A slot of this worker does what is no job: it is not asked meanwhile."""
    cache.set(_away(worker), True, OCCUPIED_SECONDS)
    try:
        yield
    finally:
        cache.delete(_away(worker))


def _asked(ear: Ear) -> str:
    return f"canary:asked:{_key('|'.join(ear))}"


def _away(worker: str) -> str:
    return f"canary:away:{_key(worker)}"


def _key(name: str) -> str:
    """Names of workers may hold what a key may not."""
    return sha256(name.encode()).hexdigest()[:40]


def check(send: SendCanaries) -> str | None:
    """For `/readyz?deep`: why jobs may wait although workers are there, naming no machine."""
    workers = overview.workers(clock.now())
    if not workers:
        return "no worker is here"
    try:
        ask(send, at_once=True)
    except Exception as error:
        logger.info("No canary could be sent: %r", error)
        return "the broker does not take messages"
    found = deaf(workers)
    if not found:
        return None
    queues = ", ".join(sorted({ear.queue for ear in found}))
    return f"{len({ear.worker for ear in found})} connected but deaf, of the queues: {queues}"
