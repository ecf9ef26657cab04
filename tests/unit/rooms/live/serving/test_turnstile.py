"""Turns at the application: few at a time, clients by turns, and a slow lane for those who have had
more than their share."""

import heapq
from collections.abc import Callable

import pytest

from rooms.live.serving import turnstile
from rooms.live.serving.turnstile import BUDGET_SECONDS, Turn, Turnstile

AT_ONCE, AT_ONCE_OF_ONE = 3, 2


class Clock:
    """A clock and the timers by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.now + seconds, len(self._later), call))

    def pass_by(self, seconds: float) -> None:
        until = self.now + seconds
        while self._later and self._later[0][0] <= until:
            self.now, _, call = heapq.heappop(self._later)
            call()
        self.now = until


class Gate:
    def __init__(self) -> None:
        self.clock = Clock()
        self.turnstile = Turnstile(
            lambda: self.clock.now, self.clock.later, AT_ONCE, AT_ONCE_OF_ONE, back_per_second=0.05
        )
        self.running: list[Turn] = []

    def ask(self, client: str) -> Turn:
        return self.turnstile.ask(client, self.running.append)

    def work(self, seconds: float) -> str:
        """The oldest that runs takes so long; whose it was."""
        turn = self.running.pop(0)
        self.clock.pass_by(seconds)
        self.turnstile.end(turn)
        return turn.client

    def wear_out(self, *clients: str) -> None:
        for client in clients:
            self.ask(client)
            self.work(2 * BUDGET_SECONDS)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_few_are_worked_on_at_once_and_fewer_of_one(gate: Gate) -> None:
    for client in ["ana"] * 5 + ["ben"] * 5:
        gate.ask(client)
    assert [each.client for each in gate.running] == ["ana"] * AT_ONCE_OF_ONE + ["ben"]
    assert len(gate.running) == AT_ONCE


def test_clients_take_turns_however_much_one_asks(gate: Gate) -> None:
    for _ in range(100):
        gate.ask("ana")
    for client in ("ben", "cyd"):
        gate.ask(client)
    served = [gate.work(0.001) for _ in range(6)]
    assert {"ben", "cyd"} <= set(served)


def test_who_has_used_up_the_budget_goes_one_by_one_with_rests(gate: Gate) -> None:
    gate.wear_out("ana")
    for _ in range(10):
        gate.ask("ana")
    assert len(gate.running) == 1
    gate.work(0.01)
    assert gate.running == []
    gate.clock.pass_by(0.009)
    assert gate.running == []
    gate.clock.pass_by(0.002)
    assert len(gate.running) == 1


def test_all_who_have_used_it_up_share_the_slow_lane(gate: Gate) -> None:
    gate.wear_out("ana", "ben", "cyd")
    for client in ("ana", "ben", "cyd"):
        gate.ask(client)
    assert len(gate.running) == 1
    served = []
    for _ in range(3):
        served.append(gate.work(0.001))
        gate.clock.pass_by(0.01)
    assert sorted(served) == ["ana", "ben", "cyd"]


def test_others_are_not_held_up_by_them(gate: Gate) -> None:
    gate.wear_out("ana")
    for _ in range(50):
        gate.ask("ana")
    gate.ask("ben")
    assert [each.client for each in gate.running] == ["ana", "ben"]


def test_the_budget_comes_back_and_no_more_than_that(gate: Gate) -> None:
    gate.wear_out("ana")
    assert gate.turnstile.left("ana") < 0
    gate.clock.pass_by(10_000)
    assert gate.turnstile.left("ana") == BUDGET_SECONDS


def test_nobody_pays_for_longer_than_the_bound(gate: Gate) -> None:
    gate.ask("ana")
    gate.work(3600)
    assert gate.turnstile.left("ana") >= -BUDGET_SECONDS


def test_who_goes_while_waiting_leaves_nothing_behind(gate: Gate) -> None:
    turns = [gate.ask("ana") for _ in range(AT_ONCE + 2)]
    for each in reversed(turns):
        gate.turnstile.end(each)
        gate.turnstile.end(each)
    gate.running.clear()
    gate.ask("ana")
    assert len(gate.running) == 1


def test_what_ends_at_once_lets_the_next_one_go(gate: Gate) -> None:
    served = []

    def at_once(turn: Turn) -> None:
        served.append(turn.client)
        gate.turnstile.end(turn)

    for number in range(2_000):
        gate.turnstile.ask(f"client {number % 7}", at_once)
    assert len(served) == 2_000


def test_no_more_clients_are_remembered_than_there_is_room_for(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "MOST_CLIENTS", 3)
    for number in range(10):
        gate.wear_out(f"client {number}")
    assert gate.turnstile.left("client 0") == BUDGET_SECONDS
    assert gate.turnstile.left("client 9") < 0
