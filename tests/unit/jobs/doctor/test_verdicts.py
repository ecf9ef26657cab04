"""What the doctor says of jobs."""

import pytest

from jobs.doctor import verdicts
from jobs.doctor.verdicts import WorkerFacts
from rooms.doctor.findings import Level

GOOD, DOUBTFUL, WRONG = Level
QUEUES = ("interactive", "default", "bulk")
ALL = WorkerFacts("w@a", 2, QUEUES, ("1.0",))


@pytest.mark.parametrize(
    ("there", "deaf", "expected"),
    [
        ([], {}, {"Workers": WRONG}),
        ([ALL], {}, {"Worker w@a": GOOD}),
        ([ALL], {"w@a": {"bulk"}}, {"Worker w@a": WRONG}),
        ([WorkerFacts("w@a", 2, QUEUES, ("0.9", "1.0"))], {}, {"Worker w@a": DOUBTFUL}),
        (
            [WorkerFacts("w@a", 1, ("bulk",), ("1.0",))],
            {},
            {"Worker w@a": GOOD, "Queues": WRONG},
        ),
    ],
)
def test_workers(
    there: list[WorkerFacts], deaf: dict[str, set[str]], expected: dict[str, Level]
) -> None:
    found = verdicts.workers(there, QUEUES, "1.0", deaf)
    assert {each.about: each.level for each in found} == expected


@pytest.mark.parametrize(
    ("waiting", "paused", "seconds", "level"),
    [
        (0, 0, None, GOOD),
        (3, 0, 10, GOOD),
        (3, 0, 61, DOUBTFUL),
        (3, 1, 901, WRONG),
        (3, 3, 90_000, GOOD),
    ],
)
def test_a_queue(waiting: int, paused: int, seconds: float | None, level: Level) -> None:
    assert verdicts.queue("bulk", waiting, paused, seconds).level is level


@pytest.mark.parametrize(
    ("seconds", "late", "level"),
    [(None, None, WRONG), (5, None, GOOD), (61, None, WRONG), (5, 10, GOOD), (5, 61, WRONG)],
)
def test_the_sweeper(seconds: float | None, late: float | None, level: Level) -> None:
    assert verdicts.sweeper(seconds, late).level is level


@pytest.mark.parametrize(
    ("seconds", "lives", "level"),
    [
        (None, None, DOUBTFUL),
        (None, 60, GOOD),
        (None, 90_000, DOUBTFUL),
        (3600, 90_000, GOOD),
        (9001, 60, DOUBTFUL),
    ],
)
def test_beat(seconds: float | None, lives: float | None, level: Level) -> None:
    assert verdicts.beat(seconds, lives).level is level


def test_the_broker() -> None:
    assert verdicts.broker(0.01).level is GOOD
    assert verdicts.broker(None).level is WRONG
