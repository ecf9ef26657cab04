"""Workers that are connected, renew their lease and take no jobs: it is said of them alone."""

import os
import signal
from typing import Any

import httpx

from tests.support.site import CELERY, Site
from tests.support.waiting import until

ENV = {"PARLEY_JOB_CANARY_SECONDS": "1"}


def deep(site: Site) -> str:
    answer = httpx.get(f"{site.url}/readyz?deep", timeout=5, trust_env=False)
    said = str(answer.json()["checks"]["workers"])
    assert (answer.status_code == 200) == (said == "ok")
    return said


def deaf_of(site: Site) -> dict[str, list[str]]:
    with site.api(site.user("root", staff=True)) as api:
        workers: list[dict[str, Any]] = api.get("/status").json()["workers"]
    return {each["name"].partition("@")[0]: sorted(each["deaf"]) for each in workers}


def test_a_frozen_worker_is_told_from_one_that_hears() -> None:
    site = Site(parts=("web", "worker"), env=ENV, concurrency=1)
    second = [*CELERY, "worker", "--loglevel=INFO", "--concurrency=1", "-n", "second@%h"]
    other = site._process("second", second, lambda process: "worker is ready." in process.log())
    site.processes["second"] = other
    with site:
        other.start()
        until(lambda: deep(site) == "ok", what="both hear")
        # Its children go on and renew its lease: it alone has the connection to the broker.
        os.kill(other.pid, signal.SIGSTOP)
        try:
            everything = ["bulk", "default", "interactive"]
            told = {"celery": [], "second": everything}
            until(lambda: deaf_of(site) == told, 60, "the frozen one is deaf, the other one not")
            assert deep(site).startswith("1 connected but deaf, of the queues: bulk, default")
            metrics = httpx.get(f"{site.url}/metrics", trust_env=False).text
            assert 'parley_job_workers_deaf{queue="default"} 1.0' in metrics
        finally:
            os.kill(other.pid, signal.SIGCONT)
        until(lambda: deep(site) == "ok", 60, what="it hears again")


def test_a_worker_that_lost_one_of_its_queues_is_deaf_there() -> None:
    with Site(parts=("web", "worker"), env=ENV) as site:
        until(lambda: deep(site) == "ok", what="it hears")
        site.ask(
            "from config.celery import app\nresult = app.control.cancel_consumer('bulk') is None"
        )
        until(lambda: deaf_of(site) == {"celery": ["bulk"]}, 60, "it is deaf in that queue")
        assert deep(site) == "1 connected but deaf, of the queues: bulk"
