"""Canaries: who is asked, who owes an answer, and how often a round is sent."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from jobs import hearing, overview, tasks
from jobs.hearing import Ear, ask, deaf, heard
from jobs.metrics import Jobs
from jobs.models import Job, State, Worker
from rooms.database import clock
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.now()


class Clock:
    """The time of `hearing`, as the test has it."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def goes_on(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        for key in ("default", "bulk"):
            # A turn is taken by the database's seconds.
            cache.delete(f"canary:turn:{key}")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    cache.clear()
    made = Clock()
    monkeypatch.setattr(hearing, "clock", made)
    yield made
    cache.clear()


class Sent(list[dict[str, int]]):
    def __call__(self, numbers: Mapping[str, int]) -> None:
        self.append(dict(numbers))


def worker(name: str, queues: str = "default", **fields: Any) -> Worker:
    return Worker.objects.create(
        **{
            "id": uuid4(),
            "name": name,
            "pid": 1,
            "pool": "prefork",
            "queues": queues,
            "started_at": NOW,
            "seen_at": NOW,
            "lease_expires_at": NOW + timedelta(days=1),
            **fields,
        }
    )


def are_deaf(time: Clock) -> list[Ear]:
    return deaf(overview.workers(time.now()))


def rounds(time: Clock, sent: Sent, number: int, *hear: Ear) -> None:
    for _ in range(number):
        ask(sent)
        for ear in hear:
            heard(ear)
        time.goes_on(15)


def test_who_does_not_answer_is_deaf_and_who_does_is_not(time: Clock) -> None:
    worker("a", "default, bulk")
    worker("b")
    sent = Sent()
    rounds(time, sent, 3, Ear("a", "default"), Ear("b", "default"))
    assert sent == [{"bulk": 1, "default": 2}] * 3
    assert are_deaf(time) == []
    rounds(time, sent, 1, Ear("a", "default"), Ear("b", "default"))
    assert are_deaf(time) == [Ear("a", "bulk")]
    heard(Ear("a", "bulk"))
    assert are_deaf(time) == []


def test_a_busy_worker_owes_no_answer(time: Clock, submit: Submit) -> None:
    sent, row = Sent(), worker("a")
    job = submit("ok")
    rounds(time, sent, 2)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, worker=row, started_at=NOW)
    rounds(time, sent, 5)
    assert (are_deaf(time), len(sent)) == ([], 2)
    Job.objects.filter(pk=job.pk).update(state=State.SUCCEEDED, worker=None)
    rounds(time, sent, 2)
    assert are_deaf(time) == [], "its time begins when it is free again"
    rounds(time, sent, 2)
    assert are_deaf(time) == [Ear("a", "default")]


def test_one_free_process_of_a_worker_is_enough_to_ask_it(time: Clock, submit: Submit) -> None:
    busy, _ = worker("a"), worker("a", pid=2)
    Job.objects.filter(pk=submit("ok").pk).update(state=State.RUNNING, worker=busy)
    sent = Sent()
    rounds(time, sent, 4)
    assert sent[0] == {"default": 1}
    assert are_deaf(time) == [Ear("a", "default")]


def test_who_comes_back_under_the_same_name_owes_nothing(time: Clock) -> None:
    gone = worker("a")
    rounds(time, Sent(), 5)
    Worker.objects.filter(pk=gone.pk).update(ended_at=NOW)
    worker("a", started_at=time.now())
    assert are_deaf(time) == []
    rounds(time, Sent(), 3)
    assert are_deaf(time) == []
    rounds(time, Sent(), 2)
    assert are_deaf(time) == [Ear("a", "default")]


def test_who_keeps_house_owes_no_answer(time: Clock) -> None:
    worker("a")
    sent = Sent()
    with hearing.occupied("a"):
        rounds(time, sent, 5)
        assert (are_deaf(time), sent) == ([], [])
    rounds(time, sent, 4)
    assert are_deaf(time) == [Ear("a", "default")]


def test_the_overview_shows_who_is_deaf(time: Clock, client: Client, alice: Any) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client.force_login(alice)
    worker("a")
    rounds(time, Sent(), 3)
    assert "deaf:" not in client.get("/admin/").text
    rounds(time, Sent(), 1)
    assert "deaf: default" in client.get("/admin/").text


def test_who_is_gone_is_not_deaf_and_not_asked(time: Clock) -> None:
    row, sent = worker("a"), Sent()
    rounds(time, sent, 4)
    Worker.objects.filter(pk=row.pk).update(ended_at=NOW)
    assert are_deaf(time) == []
    assert ask(sent) == {}


def test_a_flood_of_questions_is_no_flood_of_canaries(time: Clock) -> None:
    worker("a")
    sent = Sent()
    for _ in range(20):
        ask(sent, at_once=True)
        ask(sent)
    assert sent == [{"default": 1}]
    time.goes_on(6)
    ask(sent)
    assert len(sent) == 1
    ask(sent, at_once=True)
    assert len(sent) == 2


def test_canaries_that_nobody_takes_do_not_heap_up(time: Clock) -> None:
    worker("a")
    sent = Sent()
    rounds(time, sent, 4)
    assert are_deaf(time) == [Ear("a", "default")]
    rounds(time, sent, 8)
    assert len(sent) == 4 + 2
    for _ in range(20):
        ask(sent, at_once=True)
    assert len(sent) <= 7


def test_what_could_not_be_sent_is_owed_by_nobody(time: Clock) -> None:
    worker("a")

    def away(numbers: Mapping[str, int]) -> None:
        raise OSError("no broker")

    for _ in range(5):
        with pytest.raises(OSError):
            ask(away)
        time.goes_on(15)
    assert are_deaf(time) == []


def test_the_deep_look_names_queues_and_no_machine(
    time: Clock, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Sent()
    monkeypatch.setattr(tasks, "send_canaries", sent)
    assert "workers" not in client.get("/readyz").json()["checks"]
    found = client.get("/readyz?deep")
    assert (found.status_code, found.json()["checks"]["workers"]) == (503, "no worker is here")
    worker("celery@secret-host")
    assert client.get("/readyz?deep").json()["ok"] is True
    assert sent == [{"default": 1}]
    time.goes_on(60)
    found = client.get("/readyz?deep")
    assert (found.status_code, client.get("/readyz").status_code) == (503, 200)
    said = found.json()["checks"]["workers"]
    assert said == "1 connected but deaf, of the queues: default"


def test_the_metric_counts_workers_by_queue(time: Clock) -> None:
    worker("a")
    worker("b", "default, bulk")
    rounds(time, Sent(), 4, Ear("b", "default"))
    families = {family.name: family for family in Jobs().collect()}
    found = {
        each.labels["queue"]: each.value for each in families["parley_job_workers_deaf"].samples
    }
    assert found == {"bulk": 1, "default": 1, "interactive": 0}
