"""When the collector looks, and at what."""

import gc
from types import SimpleNamespace
from typing import Any

import pytest

from rooms.live.serving import gc_tuning
from rooms.live.serving.gc_tuning import GcTuning


class Collector:
    """In place of `gc`: writes down what is asked of it; looking takes as long as is said."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seconds = 0.0
        self.now = 0.0

    def collect(self) -> None:
        self.asked.append("collect")
        self.now += self.seconds

    def freeze(self) -> None:
        self.asked.append("freeze")

    def unfreeze(self) -> None:
        self.asked.append("unfreeze")

    def taken(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked


WHOLE = ["unfreeze", "collect", "freeze"]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Collector:
    found = Collector()
    monkeypatch.setattr(gc_tuning, "gc", found)
    monkeypatch.setattr(gc_tuning, "time", SimpleNamespace(thread_time=lambda: found.now))
    return found


def connection_limits(open: int = 0, ended: int = 0) -> Any:
    return SimpleNamespace(open=open, ended=ended)


def test_an_idle_process_is_looked_at_now_and_then(collector: Collector) -> None:
    tended = GcTuning(connection_limits())
    for _ in range(gc_tuning.CHECKS_PER_COLLECTION - 1):
        tended.tend()
    assert collector.taken() == []
    tended.tend()
    assert collector.taken() == ["collect"]


def test_what_a_long_look_has_left_over_is_set_aside(collector: Collector) -> None:
    tended = GcTuning(connection_limits())
    collector.seconds = gc_tuning.LONG_COLLECTION_SECONDS * 2
    for _ in range(gc_tuning.CHECKS_PER_COLLECTION):
        tended.tend()
    assert collector.taken() == ["collect", "freeze"]


def test_many_new_connections_are_set_aside_without_a_look(collector: Collector) -> None:
    tended = GcTuning(connection_limits())
    for _ in range(gc_tuning.FREEZE_AFTER_ARRIVALS - 1):
        tended.arrived()
    assert collector.taken() == []
    tended.arrived()
    assert collector.taken() == ["freeze"]


def test_everything_is_looked_at_when_as_many_have_left_as_are_here(collector: Collector) -> None:
    limits = connection_limits(open=50_000)
    tended = GcTuning(limits)
    limits.ended = 49_999
    tended.tend()
    assert "unfreeze" not in collector.taken()
    limits.ended = 50_000
    tended.tend()
    assert collector.taken() == WHOLE
    limits.ended = 99_999
    tended.tend()
    assert "unfreeze" not in collector.taken()


def test_in_a_small_process_a_few_that_leave_are_not_worth_it(collector: Collector) -> None:
    limits = connection_limits(open=3)
    tended = GcTuning(limits)
    limits.ended = gc_tuning.WHOLE_COLLECTION_AFTER_ENDS - 1
    tended.tend()
    assert "unfreeze" not in collector.taken()
    limits.ended = gc_tuning.WHOLE_COLLECTION_AFTER_ENDS
    tended.tend()
    assert collector.taken() == WHOLE


def test_a_whole_look_frees_what_died_after_it_was_set_aside() -> None:
    class Circle:
        alive = 0

        def __init__(self) -> None:
            self.itself = self
            Circle.alive += 1

        def __del__(self) -> None:
            Circle.alive -= 1

    circle = Circle()
    try:
        gc.freeze()
        del circle
        gc.collect()
        assert Circle.alive == 1, "what is set aside is not looked at"
        GcTuning(connection_limits()).look_at_everything()
        assert Circle.alive == 0
    finally:
        gc.unfreeze()
