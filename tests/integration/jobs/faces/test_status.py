"""`GET /status`: the figures of the overview, for staff who may view jobs."""

import pytest
from django.contrib.auth.models import Permission

from jobs import overview
from rooms.models import User
from tests.integration.jobs.conftest import claim
from tests.support.caller import Callers
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_what_waits_runs_and_ended(
    caller: Callers, alice: User, submit: Submit, run: Run
) -> None:
    alice.is_staff = True
    alice.save()
    alice.user_permissions.add(Permission.objects.get(codename="view_job"))
    waiting, running = submit("ok"), submit("ok")
    run(submit("ok"))
    run(submit("give_up"))
    assert claim(running, "host-7")
    answer = caller(alice).get("status")
    assert answer.status_code == 200
    found = answer.json()
    assert found["unfinished"] == {
        "scheduled": 0,
        "queued": 1,
        "running": 1,
        "retrying": 0,
        "waiting": 0,
    }
    queues = {queue["name"]: queue for queue in found["queues"]}
    assert queues[waiting.queue]["waiting"] == 1
    for span in (found["last_hour"], found["last_day"]):
        assert span["ended"] == [
            {"kind": "test.outcome", "state": "failed", "number": 1},
            {"kind": "test.outcome", "state": "succeeded", "number": 1},
        ]
        (times,) = span["times"]
        assert times["number"] == 2 and 0 <= times["ran"]["p50"] <= times["ran"]["p95"]
    names = {worker["name"]: worker for worker in found["workers"]}
    assert names["host-7"]["runs"][0]["number"] == 1
    assert (names["test/1"]["done"], names["test/1"]["runs"]) in ((2, []), (0, []))


def test_it_is_for_staff_who_may_view_jobs(caller: Callers, alice: User, bob: User) -> None:
    assert caller(alice).get("status").status_code == 403
    bob.is_staff = True
    bob.save()
    assert caller(bob).get("status").status_code == 403


def test_quantiles_are_of_what_there_is() -> None:
    assert overview.quantiles([3.0]) == (3.0, 3.0)
    assert overview.quantiles([float(n) for n in range(100, 0, -1)]) == (51.0, 96.0)
