"""Celery with django-celery-results: the state and result of each task in a Django database, which
has the options that Parley's has.

    BENCH_DATABASE=… BENCH_BROKER=… python -m celery -A tests.bench.peers.celery_results worker
    python -m tests.bench.peers.celery_results nothing 1000
"""

import os
import sys
import time
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.peers.results_settings"

import django
from celery import Celery
from celery.signals import worker_ready

from tests.bench.jobs.looping import submit

app = Celery("bench", broker=os.environ["BENCH_BROKER"], backend="django-db")
app.conf.broker_connection_retry_on_startup = True


@worker_ready.connect
def say_so(**_: Any) -> None:
    print("ready", flush=True)


@app.task(name="nothing")
def nothing() -> None:
    pass


@app.task(name="sleep")
def sleep(seconds: float) -> None:
    time.sleep(seconds)


def main() -> None:
    django.setup()
    if sys.argv[1] == "migrate":
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        print("{}")
    else:
        submit({"nothing": nothing.delay, "sleep": sleep.delay})


if __name__ == "__main__":
    main()
