"""A job that cannot be swept, and a database that is away in the middle of a sweep."""

import logging
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from jobs.loops import sweeper
from rooms.core.outages import Outage


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    fresh = Outage(sweeper.logger, "A job could not be swept", level=logging.ERROR)
    monkeypatch.setattr(sweeper, "_unswept", fresh)
    return caplog.records


def test_a_job_that_fails_keeps_no_other_back_and_is_said_once(lines: Any) -> None:
    bad, *good = jobs = [uuid4() for _ in range(4)]
    moved = []

    def move(job: Any) -> bool:
        if job == bad:
            raise ValueError("spoilt")
        moved.append(job)
        return True

    for _ in range(30):
        assert sweeper._each(jobs, move) == 3
    assert moved[:3] == good
    assert len(lines) == 1 and str(bad) in lines[0].message and lines[0].exc_info


def test_a_database_that_is_away_ends_the_sweep(lines: Any) -> None:
    asked = []

    def move(job: Any) -> bool:
        asked.append(job)
        raise OperationalError("the connection is lost")

    with pytest.raises(OperationalError):
        sweeper._each([uuid4() for _ in range(500)], move)
    assert len(asked) == 1 and not lines
