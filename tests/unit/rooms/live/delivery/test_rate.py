"""The rate lets so many commands pass, tells everybody else a time of their own, and knows a client
that waits from one that floods."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.live.delivery.rate import Rate


def rate(allowed: float = 20, burst: int = 40, flood: int = 200) -> Rate:
    return Rate(allowed, burst, flood, now=100.0)


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    one = rate()
    assert [one.take(100.0) for _ in range(40)] == [0.0] * 40
    assert one.take(100.0) == pytest.approx(0.05)
    passed = sum(one.take(100.0 + tick / 1000) == 0 for tick in range(1, 10_001))
    assert passed == pytest.approx(200, abs=1)


def test_a_pause_fills_the_bucket_and_no_further() -> None:
    one = rate()
    assert all(one.take(100.0) == 0 for _ in range(40))
    assert sum(one.take(1000.0) == 0 for _ in range(100)) == 40


def test_what_costs_more_is_charged_for_and_the_debt_is_bounded() -> None:
    one = rate(allowed=10, burst=4)
    assert one.take(100.0) == 0
    one.charge(100.0, 5)
    assert one.take(100.0) == pytest.approx(0.3), "two are owed, and one is needed"
    assert one.take(100.31) == 0
    one.charge(100.31, 1e9)
    assert one.take(100.31) == pytest.approx(0.5), "a burst is owed, and not more"
    assert one.take(200.0) == 0


def test_each_refusal_promises_a_moment_of_its_own() -> None:
    one = rate(allowed=10, burst=3)
    assert [one.take(100.0) for _ in range(3)] == [0, 0, 0]
    assert [round(one.take(100.0), 3) for _ in range(3)] == [0.1, 0.2, 0.3]
    assert [one.take(100.0 + wait) for wait in (0.101, 0.201, 0.301)] == [0, 0, 0]


def test_who_never_waits_floods() -> None:
    one = rate()
    count = 0
    while not one.flooding:
        one.take(100.0)
        count += 1
    assert count == 240


def test_a_pause_forgives() -> None:
    one = rate()
    for _ in range(239):
        one.take(100.0)
    one.take(110.0)
    for _ in range(200):
        one.take(110.0)
        assert not one.flooding


def test_more_than_twice_the_rate_for_long_is_flooding_and_less_is_not() -> None:
    for asked, floods in ((30, False), (80, True)):
        one = rate()
        for number in range(asked * 60):
            one.take(100.0 + number / asked)
        assert one.flooding is floods


@given(
    st.integers(1, 120),
    st.integers(1, 50),
    st.floats(0.5, 100),
    st.lists(st.floats(0, 1), min_size=1),
)
def test_who_waits_as_told_never_floods(
    together: int, burst: int, allowed: float, delays: list[float]
) -> None:
    """So many commands under way at once, each sent again when its refusal says, at once followed
    by the next: for as long as it goes on."""
    one = Rate(allowed, burst, together + 1, now=0.0)
    due = [0.0] * together
    passed = 0
    for turn in range(1_000):
        now = heapq.heappop(due)
        wait = one.take(now)
        assert not one.flooding
        passed += not wait
        late = delays[turn % len(delays)] / allowed
        heapq.heappush(due, now + wait + (late if wait else 0.0))
        if passed > burst:
            assert passed <= burst + now * allowed + 1
