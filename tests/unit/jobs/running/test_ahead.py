"""How many jobs a process claims together with one."""

import pytest

from jobs.running.ahead import ATTEMPTS_TO_KNOW, JOBS, ClaimedAhead


@pytest.mark.parametrize(
    "seconds, most", [(0.0, JOBS - 1), (0.001, JOBS - 1), (0.02, 4), (0.05, 1)]
)
def test_short_ones_are_claimed_so_that_the_last_begins_soon(seconds: float, most: int) -> None:
    assert known(seconds).most("kind") == most


@pytest.mark.parametrize("seconds", [0.06, 0.1, 0.11, 0.2, 1.0, 3600.0])
def test_long_ones_are_claimed_alone(seconds: float) -> None:
    assert known(seconds).most("kind") == 0


def test_what_is_not_known_yet_is_claimed_alone() -> None:
    assert known(0.0, attempts=ATTEMPTS_TO_KNOW - 1).most("kind") == 0
    assert known(0.0).most("another") == 0


def known(seconds: float, attempts: int = ATTEMPTS_TO_KNOW) -> ClaimedAhead:
    ahead = ClaimedAhead()
    for _ in range(attempts):
        ahead.ran("kind", seconds)
    return ahead
