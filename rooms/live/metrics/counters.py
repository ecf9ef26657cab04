"""What was sent and answered, counted in plain numbers and handed on to the metrics each second: a
counter of Prometheus costs as much as a write to a socket. Counted by `delivery` and `commands`.
"""

from __future__ import annotations

import asyncio

from . import names as metrics

HAND_ON_SECONDS = 1.0


class TrafficCounters:
    __slots__ = ("_answered", "_bytes", "_due", "_events", "_frames", "_loop", "_rounds", "_shed")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due = False
        self._frames = self._events = self._bytes = self._shed = 0
        # By command and outcome.
        self._answered: dict[tuple[str, str], int] = {}
        self._rounds = metrics.FAN_OUT.batch()

    def sent(self, frames: int, events: int, size: int) -> None:
        """Add frames, the durable events in them and their bytes, over all members."""
        self._frames += frames
        self._events += events
        self._bytes += size
        self._soon()

    def round_took(self, seconds: float) -> None:
        """From the first to the last member. `sent` counts the same round."""
        self._rounds.observe(seconds)

    def shed(self, count: int) -> None:
        self._shed += count
        self._soon()

    def answered(self, command: str, outcome: str) -> None:
        key = command, outcome
        self._answered[key] = self._answered.get(key, 0) + 1
        self._soon()

    def _soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_later(HAND_ON_SECONDS, self.hand_on)

    def hand_on(self) -> None:
        self._due = False
        metrics.FRAMES.inc(self._frames)
        metrics.EVENTS.inc(self._events)
        metrics.BYTES.inc(self._bytes)
        metrics.SHED.inc(self._shed)
        metrics.FAN_OUT.observe_batch(self._rounds)
        self._frames = self._events = self._bytes = self._shed = 0
        answered, self._answered = self._answered, {}
        for (command, outcome), count in answered.items():
            metrics.COMMANDS.labels(command, outcome).inc(count)
