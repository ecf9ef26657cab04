"""Jobs on real processes while workers die, Redis forgets and the broker is away.

Whatever happens, every job comes to one end, and the room has one message about it.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.site import Person, Site
from tests.support.waiting import until

FINISHED = ("succeeded", "failed", "cancelled")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(env={"PARLEY_JOB_DRAIN_SECONDS": "1"}) as running:
        running.room("plant", "alice", "bob")
        yield running


@pytest.fixture
def alice(site: Site) -> Person:
    return site.user("alice")


class Work:
    """A test job of Alice's in the room, seen over REST."""

    def __init__(
        self,
        site: Site,
        outcome: str,
        kind: str = "test.outcome",
        then: list[Any] | None = None,
        **params: Any,
    ) -> None:
        self.site = site
        body = {"kind": kind, "room": "plant", "params": {"outcome": outcome, **params}}
        body["then"] = then or []
        with site.api(site.user("alice")) as api:
            answer = api.post("/jobs", json=body)
        assert answer.status_code == 202, answer.text
        self.id = answer.json()["id"]

    def now(self) -> dict[str, Any]:
        with self.site.api(self.site.user("alice")) as api:
            answer = api.get(f"/jobs/{self.id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(self, *states: str, timeout: float = 40) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            job = self.now()
            return job if job["state"] in states else None

        found = until(there, timeout, f"job {self.id} is {states}")
        assert found is not None
        return found

    def end(self) -> dict[str, Any]:
        """Its end, after which the room has exactly one message about it."""
        job = self.until(*FINISHED)
        assert self.site.ask(f"Message.objects.filter(subject={self.id!r}).count()") == 1
        return job

    def act(self, name: str) -> None:
        with self.site.api(self.site.user("alice")) as api:
            assert api.post(f"/jobs/{self.id}/{name}").status_code == 200


def outcomes(job: dict[str, Any]) -> list[str]:
    return [attempt["outcome"] for attempt in job["attempts"]]


def process_of(job: dict[str, Any]) -> int:
    return int(job["attempts"][-1]["worker"].rpartition("/")[2])


def test_a_worker_is_killed_in_the_middle_of_a_job(site: Site, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    work = Work(site, "slow", steps=30, seconds=0.1, trace=str(trace))
    # A job is running from its claim on, a moment before its function begins.
    until(lambda: trace.exists() and trace.read_text(), what="the function has begun")
    site.worker.kill()
    site.worker.start()
    job = work.end()
    assert (job["state"], outcomes(job)) == ("succeeded", ["lost", "succeeded"])
    assert len(trace.read_text().splitlines()) == 2


def test_a_process_of_the_pool_is_killed(site: Site) -> None:
    work = Work(site, "slow", steps=30, seconds=0.1)
    os.kill(process_of(work.until("running")), signal.SIGKILL)
    job = work.end()
    assert (job["state"], outcomes(job)) == ("succeeded", ["lost", "succeeded"])


def test_the_end_of_a_process_is_noticed_before_its_lease_is_over(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with Site(parts=("web", "worker"), env={"PARLEY_JOB_LEASE_SECONDS": "3600"}) as site:
        site.room("plant", "alice")
        work = Work(site, "slow", steps=30, seconds=0.1, trace=str(trace))
        until(lambda: trace.exists() and trace.read_text(), what="the function has begun")
        first = process_of(work.now())
        os.kill(first, signal.SIGKILL)
        job = work.end()
        assert (job["state"], outcomes(job)) == ("succeeded", ["lost", "succeeded"])
        assert process_of(job) != first
        ended = "list(Worker.objects.exclude(ended_at=None).values_list('pid', flat=True))"
        assert site.ask(ended) == [first], "nobody else has lost a lease"


def test_a_job_that_kills_its_workers_is_given_up(site: Site) -> None:
    job = Work(site, "kill", steps=99).end()
    assert (job["state"], outcomes(job)) == ("failed", ["lost"] * 3)
    assert Work(site, "ok").end()["state"] == "succeeded", "the worker is there for others"


def test_redis_is_emptied_while_jobs_wait_and_run(site: Site) -> None:
    works = [Work(site, "slow", steps=5, seconds=0.1) for _ in range(6)]
    works[0].until("running", "succeeded")
    site.redis_cli("FLUSHALL")
    works += [Work(site, "ok") for _ in range(2)]
    for work in works:
        job = work.end()
        assert (job["state"], outcomes(job)) == ("succeeded", ["succeeded"])


def test_redis_is_away_for_a_while(site: Site) -> None:
    running = Work(site, "slow", steps=10, seconds=0.2)
    running.until("running")
    site.redis.kill()
    accepted = [Work(site, "ok") for _ in range(3)]
    site.redis.start()
    for work in (running, *accepted):
        job = work.end()
        assert (job["state"], outcomes(job)) == ("succeeded", ["succeeded"])


def test_a_worker_that_is_shut_down_hands_its_job_back(site: Site) -> None:
    work = Work(site, "hang", seconds=600)
    short = Work(site, "slow", steps=2, seconds=0.2)
    work.until("running")
    short.until("running", "succeeded")
    site.worker.terminate()
    handed_back = work.now()
    assert (handed_back["state"], outcomes(handed_back)) == ("queued", ["interrupted"])
    assert handed_back["max_attempts"] - handed_back["attempt"] == 3
    assert outcomes(short.end()) == ["succeeded"], "it had the time to end"
    site.worker.start()
    work.until("running")
    work.act("cancel")
    assert outcomes(work.end()) == ["interrupted", "cancelled"]


def test_beat_is_killed_and_comes_back(site: Site) -> None:
    site.beat.kill()
    work = Work(site, "ok", failures=1)
    assert work.until("retrying")["retry_at"] is not None
    site.beat.start()
    assert outcomes(work.end()) == ["failed", "succeeded"]


def test_a_job_that_cannot_be_stopped_costs_its_process_alone(site: Site) -> None:
    work = Work(site, "stubborn", kind="test.short", seconds=600)
    first = process_of(work.until("running"))
    job = work.end()
    assert (job["state"], outcomes(job)) == ("failed", ["timed_out"])
    until(lambda: not Path(f"/proc/{first}").exists(), what="the process is gone")
    assert Work(site, "ok").end()["state"] == "succeeded"


def test_many_jobs_at_once_share_the_database(site: Site) -> None:
    works = [Work(site, "slow", steps=3, seconds=0.01) for _ in range(40)]
    assert {work.end()["state"] for work in works} == {"succeeded"}
    assert "locked" not in site.log("worker") + site.log("web")


def test_the_log_of_the_room_has_no_hole(site: Site) -> None:
    seqs = site.ask(
        "list(Event.objects.filter(room__slug='plant').order_by('seq')"
        ".values_list('seq', flat=True))"
    )
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_a_chain_whose_workers_are_killed(site: Site) -> None:
    """In the middle of a part, and while others end side by side; each part is done to its end."""
    slow = {"kind": "test.outcome", "params": {"outcome": "slow", "steps": 20, "seconds": 0.05}}
    quick = {"kind": "test.outcome", "params": {"outcome": "ok"}}
    work = Work(site, "ok", then=[slow, [quick] * 6, {"kind": "test.collect"}])

    def part_runs() -> bool:
        parts = work.now()["parts"]
        return len(parts) == 2 and site.ask(f"Job.objects.get(pk={parts[1]['id']!r}).state") == (
            "running"
        )

    until(part_runs, what="the slow part runs")
    site.worker.kill()
    site.worker.start()
    until(lambda: len(work.now()["parts"]) > 2, 40, "the parts side by side are there")
    site.worker.kill()
    site.redis_cli("FLUSHALL")
    site.worker.start()
    job = work.end()
    assert job["state"] == "succeeded"
    assert [part["state"] for part in job["parts"]] == ["succeeded"] * 9
    assert (
        site.ask(f"Message.objects.filter(room__slug='plant', subject={job['id']!r}).count()") == 1
    )
    assert site.ask(f"Job.objects.filter(parent={job['id']!r}).count()") == 9
