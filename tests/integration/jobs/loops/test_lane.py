"""The sweeper's own process: goes on over errors, ends when asked or orphaned."""

import os
from typing import Any
from uuid import uuid4

import pytest

from jobs.loops import lane
from jobs.loops.lane import Lane
from jobs.loops.sweeper import JOBS_PER_SWEEP, Swept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    settings.PARLEY_JOB_LIMITS = settings.PARLEY_JOB_LIMITS.model_copy(
        update={"job_sweep_seconds": 0.01}
    )


def counting(
    monkeypatch: pytest.MonkeyPatch, upto: int, lanes: list[Lane], fail: bool = False
) -> list[Any]:
    done = []

    def sweep(waiting: Any) -> Swept:
        done.append(waiting)
        if len(done) == upto:
            lanes[0].stop()
        if fail:
            raise RuntimeError("the database is away")
        return Swept()

    monkeypatch.setattr(lane, "sweep", sweep)
    return done


@pytest.mark.parametrize("fail", [False, True])
def test_it_sweeps_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fail: bool
) -> None:
    lanes: list[Lane] = []
    done = counting(monkeypatch, 3, lanes, fail)
    lanes.append(Lane(lambda queue: 0, parent=os.getppid()))
    lanes[0].run()
    assert len(done) == 3
    said = [each for each in caplog.records if "could not be swept" in each.message]
    assert len(said) == fail, "an outage is said once, not with every sweep"


def test_without_its_parent_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    done = counting(monkeypatch, 1, [])
    Lane(lambda queue: 0, parent=1 if os.getppid() != 1 else 2).run()
    assert done == []


def test_what_has_ended_is_written_before_the_sweep_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    lanes: list[Lane] = []
    gone = uuid4()

    def expire(processes: Any) -> None:
        seen.append(set(processes))
        if len(seen) == 1:
            raise RuntimeError("the database is away")

    def sweep(waiting: Any) -> Swept:
        seen.append("swept")
        if seen.count("swept") == 2:
            lanes[0].stop()
        return Swept()

    monkeypatch.setattr(lane, "expire", expire)
    monkeypatch.setattr(lane, "sweep", sweep)
    lanes.append(Lane(lambda queue: 0))
    lanes[0].hear([f"{gone}\n", "what is no id\n"])
    lanes[0].run()
    assert seen == [{gone}, {gone}, "swept", "swept"]


def test_a_sweep_that_left_something_is_followed_at_once(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    lanes: list[Lane] = []
    done: list[Swept] = []
    rests: list[int] = []

    def sweep(waiting: Any) -> Swept:
        done.append(Swept(due=JOBS_PER_SWEEP if len(done) < 2 else 17))
        return done[-1]

    def rest(until: float) -> None:
        rests.append(len(done))
        lanes[0].stop()

    monkeypatch.setattr(lane, "sweep", sweep)
    lanes.append(Lane(lambda queue: 0))
    monkeypatch.setattr(lanes[0], "_rest", rest)
    lanes[0].run()
    assert rests == [3]
