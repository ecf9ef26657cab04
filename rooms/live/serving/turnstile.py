"""Whose HTTP request is handed to the application next. Pure: clock and timer are handed in.

The application's threads and the event loop share one interpreter, so each request that is worked
on holds up everybody who talks, and one client that asks without a pause could keep the process
busy alone. So few requests are worked on at a time, those of different clients in turn, and each
client has a budget of working time that fills slowly. Who has used it up goes by the slow lane: one
request at a time for all of them together, and a rest after each that is longer than it took.

A client is a person where that is known, else a network. Used by `door`, one a process.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any

# Seconds of work that a client may have done at once.
BUDGET_SECONDS = 5.0
# The slow lane rests as long as it has worked, up to a bound.
REST, MOST_REST_SECONDS = 1.0, 2.0
# Clients that are remembered; a forgotten one has its whole budget.
MOST_CLIENTS = 10_000

Later = Callable[[float, Callable[[], None]], Any]


class Turn:
    """One request's. `begin` is called when it has come."""

    __slots__ = ("began", "begin", "client", "over", "slow")

    def __init__(self, client: str, begin: Callable[[Turn], None]) -> None:
        self.client = client
        self.begin = begin
        self.began: float | None = None
        self.slow = False
        self.over = False


class Turnstile:
    """`at_once`: requests that are worked on at a time, and `of_one` those of one client. The slow
    lane's one comes on top. `back_per_second`: of its budget, in seconds of work."""

    def __init__(
        self,
        clock: Callable[[], float],
        later: Later,
        at_once: int,
        of_one: int,
        back_per_second: float,
    ) -> None:
        self._clock, self._later = clock, later
        self._back_per_second = back_per_second
        self._at_once, self._of_one = at_once, of_one
        # Who waits, in the order in which they are asked whether they may go.
        self._waiting: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._fast = 0
        self._slow_busy = False
        # What is left of a client's budget, and when that was so; the newest last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._going = False

    def ask(self, client: str, begin: Callable[[Turn], None]) -> Turn:
        """A request is here. Its turn may come at once; `end` follows in any case."""
        turn = Turn(client, begin)
        self._waiting.setdefault(client, deque()).append(turn)
        self._go_on()
        return turn

    def end(self, turn: Turn) -> None:
        """It has been answered, or its client has gone. Once is enough."""
        if turn.over:
            return
        turn.over = True
        if turn.began is None:
            self._forget(turn)
            return
        took = self._clock() - turn.began
        self._charge(turn.client, took)
        if turn.slow:
            self._later(min(REST * took, MOST_REST_SECONDS), self._rested)
        else:
            self._fast -= 1
            self._running[turn.client] -= 1
            if not self._running[turn.client]:
                del self._running[turn.client]
        self._go_on()

    def _forget(self, turn: Turn) -> None:
        turns = self._waiting.get(turn.client)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[turn.client]

    def _rested(self) -> None:
        self._slow_busy = False
        self._go_on()

    def _go_on(self) -> None:
        """Let go who may. What begins may end at once, and asks again: that is for this round."""
        if self._going:
            return
        self._going = True
        try:
            while self._waiting and (turn := self._next()) is not None:
                turn.began = self._clock()
                turn.begin(turn)
        finally:
            self._going = False

    def _next(self) -> Turn | None:
        if self._fast >= self._at_once and self._slow_busy:
            return None
        for client in self._waiting:
            if self.left(client) > 0:
                if self._fast < self._at_once and self._running[client] < self._of_one:
                    self._fast += 1
                    self._running[client] += 1
                    return self._take(client)
            elif not self._slow_busy:
                self._slow_busy = True
                turn = self._take(client)
                turn.slow = True
                return turn
        return None

    def _take(self, client: str) -> Turn:
        """Its oldest; the others are asked first from here on."""
        turns = self._waiting[client]
        turn = turns.popleft()
        if turns:
            self._waiting.move_to_end(client)
        else:
            del self._waiting[client]
        return turn

    def left(self, client: str) -> float:
        """Seconds of its budget; less than none when it has had more than that."""
        now = self._clock()
        left, at = self._left.get(client, (BUDGET_SECONDS, now))
        return min(BUDGET_SECONDS, left + (now - at) * self._back_per_second)

    def _charge(self, client: str, took: float) -> None:
        left = max(-BUDGET_SECONDS, self.left(client) - took)
        self._left[client] = (left, self._clock())
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
