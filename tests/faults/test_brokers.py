"""Jobs by way of other brokers than one Redis: RabbitMQ, and Redis behind Sentinels."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from rooms.management import embedded_redis
from tests.faults.test_deaf_workers import deaf_of
from tests.faults.test_jobs import Work, outcomes
from tests.support import rabbitmq
from tests.support.process import Guard, Process
from tests.support.rabbitmq import RabbitMQ
from tests.support.site import Site, free_port
from tests.support.waiting import until

# Nothing of it is about the database.
pytestmark = pytest.mark.once

MASTER = "parley-master"

needs_rabbitmq = pytest.mark.skipif(
    rabbitmq.find_program() is None,
    reason="RabbitMQ is not installed (Debian, Ubuntu: apt-get install rabbitmq-server)",
)


@pytest.fixture(scope="module")
def broker() -> Iterator[RabbitMQ]:
    with rabbitmq.node() as running:
        yield running


@pytest.fixture(scope="module")
def site(broker: RabbitMQ) -> Iterator[Site]:
    env = {"CELERY_BROKER_URL": broker.url, "PARLEY_JOB_CANARY_SECONDS": "1"}
    with Site(env=env, parts=("web", "worker"), concurrency=1) as running:
        running.room("plant", "alice")
        yield running


@needs_rabbitmq
def test_jobs_run_to_their_end(site: Site) -> None:
    works = [Work(site, "ok"), Work(site, "ok", kind="test.process"), Work(site, "give_up")]
    assert [work.end()["state"] for work in works] == ["succeeded", "succeeded", "failed"]
    assert Work(site, "ok", failures=1).end()["attempt"] == 2


@needs_rabbitmq
def test_the_doctor_sends_a_message_there_and_back(site: Site) -> None:
    asked = ("--only", "broker", "--only", "broker-kind", "--only", "workers")
    done = site.manage("doctor", *asked, check=False)
    assert "good     Broker: a message came back" in done.stdout, done.stdout
    assert done.returncode < 2


@needs_rabbitmq
def test_urgent_jobs_pass_a_long_queue(site: Site) -> None:
    Work(site, "slow", steps=10, seconds=0.1).until("running")
    ids = []
    with site.api(site.user("alice")) as api:
        for priority in (9, 9, 7, 5, 5, 2, 0):
            body: dict[str, Any] = {"kind": "test.outcome", "params": {}, "priority": priority}
            ids.append(api.post("/jobs", json=body).json()["id"])

        def all_ended() -> list[dict[str, Any]] | None:
            jobs = [api.get(f"/jobs/{each}").json() for each in ids]
            return jobs if {job["state"] for job in jobs} == {"succeeded"} else None

        jobs = until(all_ended, 40, "they have ended")
    assert jobs is not None
    begun = sorted(jobs, key=lambda job: str(job["started_at"]))
    assert [job["priority"] for job in begun] == [0, 2, 5, 5, 7, 9, 9]


@needs_rabbitmq
def test_a_worker_that_is_killed_costs_an_attempt_and_no_job(site: Site) -> None:
    work, behind = Work(site, "slow", steps=20, seconds=0.1), Work(site, "ok")
    work.until("running")
    site.worker.kill()
    site.worker.start()
    job = work.end()
    assert (job["state"], outcomes(job)) == ("succeeded", ["lost", "succeeded"])
    assert outcomes(behind.end()) == ["succeeded"]


@needs_rabbitmq
def test_the_broker_is_away_for_a_while(site: Site, broker: RabbitMQ) -> None:
    running = Work(site, "slow", steps=20, seconds=0.1)
    running.until("running")
    broker.node.kill()
    accepted = [Work(site, "ok") for _ in range(3)]
    broker.node.start()
    for work in (running, *accepted):
        job = work.end()
        assert (job["state"], outcomes(job)) == ("succeeded", ["succeeded"])


@needs_rabbitmq
def test_a_deaf_worker_is_told_from_one_that_hears(site: Site) -> None:
    os.kill(site.worker.pid, signal.SIGSTOP)
    try:
        until(lambda: deaf_of(site)["celery"], 60, "it is deaf")
    finally:
        os.kill(site.worker.pid, signal.SIGCONT)
    until(lambda: deaf_of(site) == {"celery": []}, 60, "it hears")


# Sentinels -------------------------------------------------------------------------------------


class Sentinels:
    """Two Redis, the one a copy of the other, and a Sentinel that knows which is which."""

    def __init__(self, folder: Path, program: str, guard: Guard) -> None:
        self.ports = [free_port(), free_port()]
        self.port = free_port()
        first, second = self.ports
        configuration = folder / "sentinel.conf"
        configuration.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {MASTER} 127.0.0.1 {first} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 1000\n"
            f"sentinel failover-timeout {MASTER} 3000\n"
        )
        common = [program, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--port"]
        commands = {
            "first": [*common, str(first)],
            "second": [*common, str(second), "--replicaof", "127.0.0.1", str(first)],
            "sentinel": [program, str(configuration), "--sentinel"],
        }
        self.processes = {
            name: Process(
                name,
                command,
                dict(os.environ),
                folder / f"{name}.log",
                guard,
                lambda process: "eady to accept" in process.log() or "monitor" in process.log(),
            )
            for name, command in commands.items()
        }

    @property
    def url(self) -> str:
        # The first one is not there: the others are asked.
        return f"sentinel://127.0.0.1:1/0;sentinel://127.0.0.1:{self.port}/0?master={MASTER}"

    def knows(self) -> tuple[int, int]:
        """The port of the master, and how many copies of it there are."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            address: Any = client.sentinel_get_master_addr_by_name(MASTER)
            replicas: Any = client.sentinel_slaves(MASTER)
            return int(address[1]), len(replicas)


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[Sentinels]:
    guard = Guard()
    made = Sentinels(tmp_path, embedded_redis.command()[0], guard)
    try:
        for process in made.processes.values():
            process.start()
        until(lambda: made.knows() == (made.ports[0], 1), 30, "the Sentinel knows both")
        yield made
    finally:
        for process in made.processes.values():
            if process.popen is not None:
                process.kill()
        guard.close()


def test_jobs_go_on_after_a_failover_by_sentinels(sentinels: Sentinels) -> None:
    env = {"CELERY_BROKER_URL": sentinels.url}
    with Site(env=env, parts=("web", "worker"), concurrency=1) as site:
        site.room("plant", "alice")
        assert Work(site, "ok").end()["state"] == "succeeded"
        sentinels.processes["first"].kill()
        works = [Work(site, "ok") for _ in range(3)]
        until(lambda: sentinels.knows()[0] == sentinels.ports[1], 30, "the copy is promoted")
        assert {work.end()["state"] for work in works} == {"succeeded"}
