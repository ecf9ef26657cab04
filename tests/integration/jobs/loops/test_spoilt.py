"""A job that cannot be swept, and a database that is away in the middle of a sweep."""

import logging
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

from jobs.loops import sweeper
from rooms.core.outages import Outage


@pytest.fixture
def lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    fresh = Outage(sweeper.logger, "A job could not be swept", level=logging.ERROR)
    monkeypatch.setattr(sweeper, "_unswept", fresh)
    return caplog


def test_a_job_that_fails_keeps_no_other_back_and_is_said_once(
    lines: pytest.LogCaptureFixture,
) -> None:
    bad, *good = jobs = [uuid4() for _ in range(4)]
    moved: list[UUID] = []

    def move(some: Sequence[UUID]) -> int:
        if bad in some:
            raise ValueError("spoilt")
        moved.extend(some)
        return len(some)

    for _ in range(30):
        assert sweeper._each(jobs, move) == 3
    assert moved[:3] == good
    (line,) = lines.records
    assert str(bad) in line.message and line.exc_info


def test_a_database_that_is_away_ends_the_sweep(lines: pytest.LogCaptureFixture) -> None:
    asked = []

    def move(some: Sequence[UUID]) -> int:
        asked.append(some)
        raise OperationalError("the connection is lost")

    with pytest.raises(OperationalError):
        sweeper._each([uuid4() for _ in range(500)], move)
    assert len(asked) == 1 and not lines.records
