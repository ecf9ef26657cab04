"""What is counted in plain numbers arrives at the metrics, once."""

from collections.abc import Callable
from typing import Any

from rooms.live.metrics import names as metrics
from rooms.live.metrics.counters import TrafficCounters


class Loop:
    """In place of an event loop: keeps what is to be called later."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self.later.append(call)


def test_answers_are_handed_on_together_by_command_and_outcome() -> None:
    loop: Any = Loop()
    counters = TrafficCounters(loop)
    sent = metrics.COMMANDS.labels("send", "ok")
    refused = metrics.COMMANDS.labels("send", "busy")
    before = sent._value.get(), refused._value.get()
    for outcome in ("ok", "busy", "ok"):
        counters.answered("send", outcome)
    assert len(loop.later) == 1, "one timer for all of them"
    loop.later.pop()()
    assert (sent._value.get(), refused._value.get()) == (before[0] + 2, before[1] + 1)
    counters.sent(1, 1, 100)
    loop.later.pop()()
    assert sent._value.get() == before[0] + 2, "nothing is counted twice"
