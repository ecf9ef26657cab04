"""Whether workers hear: one that renews its lease and has a free slot, and yet takes no message, is
deaf. Its consumer is gone, its connection leads nowhere, or the process that has it stands still.

Now and then a round of canaries is sent to each queue that living workers say they serve: as many
as these are, each of which is waiting and takes one. Who takes one says so here. What was asked of
whom stands in the cache, which is the database: nothing of it is missed when it is lost, but for a
minute. A busy worker is asked nothing, and so owes no answer. Knows nothing of Celery.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
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

# Sends so many canaries to each queue, without waiting long, or raises.
SendCanaries = Callable[[Mapping[str, int]], None]


class Ear(NamedTuple):
    """A worker, all its processes together, and a queue that it says it serves."""

    worker: str
    queue: str


def ears(workers: Iterable[WorkerNow]) -> dict[Ear, bool]:
    """All there are, and whether the worker could take a job now. Pure."""
    found: dict[Ear, bool] = {}
    for each in workers:
        for queue in filter(None, each.row.queues.split(", ")):
            ear = Ear(each.row.name, queue)
            found[ear] = found.get(ear, False) or each.busy < each.row.capacity
    return found


def deaf(workers: Iterable[WorkerNow]) -> list[Ear]:
    """Those that have a free slot, and were asked long ago and have not answered since."""
    free = [ear for ear, is_free in ears(workers).items() if is_free]
    asked = cache.get_many([_asked(ear) for ear in free]) if free else {}
    before = clock.now().timestamp() - ROUNDS * job_limits().job_canary_seconds
    return sorted(ear for ear in free if asked.get(_asked(ear), before) < before)


def heard(ear: Ear) -> None:
    """A worker has taken a canary."""
    cache.delete(_asked(ear))


def ask(send: SendCanaries, at_once: bool = False) -> dict[str, int]:
    """Send a round to the queues whose last one is long enough ago, be it of another process;
    `at_once`: some seconds are. Returns how many canaries each got. Raises what `send` and the
    database raise."""
    now = clock.now()
    workers = overview.workers(now)
    there = ears(workers)
    unheard = set(deaf(workers))
    round_: dict[str, int] = {}
    for queue in sorted({ear.queue for ear in there}):
        free = [ear for ear, is_free in there.items() if ear.queue == queue and is_free]
        hopeless = bool(free) and unheard.issuperset(free)
        if not _is_due(queue, at_once and not hopeless, SELDOM if hopeless else 1):
            continue
        for ear, is_free in there.items():
            if ear.queue != queue:
                continue
            if is_free:
                # What was asked before and not answered stays.
                cache.add(_asked(ear), now.timestamp(), KEPT_SECONDS)
            else:
                cache.delete(_asked(ear))
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


def _asked(ear: Ear) -> str:
    """Names of workers may hold what a key may not."""
    return f"canary:asked:{sha256('|'.join(ear).encode()).hexdigest()[:40]}"


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
