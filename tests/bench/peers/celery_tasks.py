"""Celery as its first steps have it: a broker, tasks, nothing kept.
BENCH_BROKER is the one, BENCH_TRACE where its tasks leave the times of their ends.

    python -m celery -A tests.bench.peers.celery_tasks worker
    python -m tests.bench.peers.celery_tasks nothing 1000
"""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from tests.bench.jobs.looping import submit
from tests.bench.jobs.trace import mark

app = Celery("bench", broker=os.environ["BENCH_BROKER"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@worker_ready.connect
def say_so(**_: Any) -> None:
    print("ready", flush=True)


@app.task(name="nothing")
def nothing() -> None:
    mark()


@app.task(name="sleep")
def sleep(seconds: float) -> None:
    time.sleep(seconds)
    mark()


if __name__ == "__main__":
    submit({"nothing": nothing.delay, "sleep": sleep.delay})
