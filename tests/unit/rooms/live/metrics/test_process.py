"""How late the loop was: remembered long enough to be seen, and not for ever."""

from rooms.live.metrics.process import Lag, resident_bytes


def test_the_greatest_delay_counts() -> None:
    lag = Lag(0.0, window=10)
    assert lag.saw(0.1, 1.0) == 0.1
    assert lag.saw(0.5, 2.0) == 0.5
    assert lag.saw(0.2, 3.0) == 0.5


def test_it_is_remembered_for_one_window_more_and_then_forgotten() -> None:
    lag = Lag(0.0, window=10)
    lag.saw(0.5, 9.0)
    assert lag.saw(0.1, 10.0) == 0.5
    assert lag.saw(0.1, 19.9) == 0.5
    assert lag.saw(0.1, 20.0) == 0.1


def test_a_loop_that_slept_through_a_window_forgets_what_was_before_it() -> None:
    lag = Lag(0.0, window=10)
    lag.saw(0.5, 9.0)
    assert lag.saw(21.0, 30.0) == 21.0
    assert lag.saw(0.1, 39.0) == 21.0
    assert lag.saw(0.1, 49.0) == 21.0
    assert lag.saw(0.1, 60.0) == 0.1


def test_memory_is_told_in_bytes() -> None:
    assert 4 * 2**20 < resident_bytes(0) < 2**36
