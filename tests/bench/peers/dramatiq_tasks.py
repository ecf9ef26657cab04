"""Dramatiq with its Redis broker, as its guide has it; nothing kept. BENCH_REDIS is the one,
BENCH_TRACE where its actors leave the times of their ends.

    python -m dramatiq tests.bench.peers.dramatiq_tasks --processes 2 --threads 8
    python -m tests.bench.peers.dramatiq_tasks nothing 1000
"""

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.bench.jobs.looping import submit
from tests.bench.jobs.trace import mark

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))


@dramatiq.actor
def nothing() -> None:
    mark()


@dramatiq.actor
def sleep(seconds: float) -> None:
    time.sleep(seconds)
    mark()


if __name__ == "__main__":
    submit({"nothing": nothing.send, "sleep": sleep.send})
