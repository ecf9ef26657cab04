"""Whether one more job is taken, and for how long to wait if not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.limits import JobLimits
from jobs.submitting.admission import Load, require_room, require_share, wait
from rooms.protocol import Busy, RateLimited

LIMITS = JobLimits(jobs_in_flight_per_user=5, jobs_queued=100, job_oldest_seconds=60)
NOW = timezone.now()


def test_a_queue_with_room_takes_a_job() -> None:
    require_room(Load(99, NOW - timedelta(seconds=59), 0.0), NOW, LIMITS)


def test_a_full_queue_says_when_a_tenth_will_have_drained() -> None:
    with pytest.raises(Busy) as refused:
        require_room(Load(100, NOW, 2.0), NOW, LIMITS)
    assert refused.value.retry_after == 5


def test_a_queue_that_nobody_works_at_is_full() -> None:
    with pytest.raises(Busy):
        require_room(Load(1, NOW - timedelta(seconds=61), 0.0), NOW, LIMITS)


def test_a_person_has_a_share() -> None:
    require_share(4, 1.0, LIMITS)
    with pytest.raises(RateLimited) as refused:
        require_share(5, 0.5, LIMITS)
    assert (refused.value.status, refused.value.code) == (429, "rate_limited")
    assert refused.value.retry_after == 2


@pytest.mark.parametrize(("excess", "rate", "seconds"), [(10, 0, 300), (1, 1000, 1), (5, 2, 3)])
def test_the_wait_is_whole_seconds_within_bounds(excess: int, rate: float, seconds: int) -> None:
    assert wait(excess, rate) == seconds
