"""Jobs that wait for long become more urgent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from jobs.lifecycle import doorbell, turns
from jobs.limits import job_limits
from jobs.loops import ageing
from jobs.models import Job, Pause
from rooms.database import clock
from tests.integration.jobs.conftest import claim, fresh
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)
Waiting = Callable[..., Job]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, int]]:
    """For whom, and how urgently."""
    rings: list[tuple[UUID, int]] = []
    monkeypatch.setattr(
        doorbell, "_ring", lambda jobs: rings.extend((job.pk, job.urgency) for job in jobs)
    )
    return rings


@pytest.fixture
def waiting(submit: Submit, rung: list[tuple[UUID, int]]) -> Waiting:
    def make(steps: float, priority: int = 9, **values: Any) -> Job:
        job = submit("ok")
        since = clock.now() - timedelta(seconds=steps * job_limits().job_ageing_seconds)
        Job.objects.filter(pk=job.pk).update(queued_at=since, priority=priority, **values)
        rung.clear()
        return job

    return make


def test_each_step_of_waiting_is_a_step_of_urgency(
    waiting: Waiting, rung: list[tuple[UUID, int]]
) -> None:
    old, older, new = waiting(1.5), waiting(4.2), waiting(0.9)
    assert ageing.age() == 2
    assert sorted(rung) == sorted([(old.pk, 8), (older.pk, 5)])
    assert (fresh(new).aged, fresh(old).priority) == (0, 9)
    rung.clear()
    assert ageing.age() == 0, "once a step"
    assert rung == []


def test_nothing_becomes_more_urgent_than_what_is_most_urgent(
    waiting: Waiting, rung: list[tuple[UUID, int]]
) -> None:
    job = waiting(50, priority=2)
    assert ageing.age() == 1
    assert rung == [(job.pk, 0)]
    assert ageing.age() == 0


def test_what_waits_for_something_else_than_a_worker_does_not_age(
    waiting: Waiting, rung: list[tuple[UUID, int]]
) -> None:
    waiting(5, hold_key="a")
    running = waiting(5)
    assert claim(running)
    Pause.objects.create(target=Pause.Target.KIND, name="test.outcome", paused_at=clock.now())
    waiting(5)
    assert ageing.age() == 0
    Pause.objects.all().delete()
    assert ageing.age() == 1


def test_where_the_broker_orders_nothing_the_claim_knows_of_it(waiting: Waiting) -> None:
    starving, urgent = waiting(6.5, priority=7), waiting(0, priority=3)
    assert turns.whose(starving.pk) == urgent.pk
    ageing.age()
    assert fresh(starving).urgency == 1
    assert turns.whose(urgent.pk) == starving.pk
