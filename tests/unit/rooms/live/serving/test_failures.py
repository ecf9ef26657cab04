"""Wrong credentials: how many a network may try, and that nothing about it grows."""

import pytest

from rooms.live.serving import failures
from rooms.live.serving.failures import Failures


def test_a_network_waits_once_it_has_used_up_its_tries() -> None:
    tries = Failures(allowed=2, burst=3)
    for _ in range(3):
        assert tries.wait("near", 0.0) == 0
        tries.count("near", 0.0)
    assert tries.wait("near", 0.0) == pytest.approx(0.5)
    assert tries.wait("far", 0.0) == 0
    assert tries.wait("near", 0.5) == 0


def test_more_failures_than_tries_cost_no_more_than_all_of_them() -> None:
    tries = Failures(allowed=1, burst=2)
    for _ in range(1000):
        tries.count("near", 0.0)
    assert tries.wait("near", 0.0) == pytest.approx(1.0)


def test_it_fills_up_to_its_burst_and_no_further() -> None:
    tries = Failures(allowed=1, burst=2)
    tries.count("near", 0.0)
    for _ in range(2):
        tries.count("near", 1000.0)
    assert tries.wait("near", 1000.0) > 0


def test_so_many_networks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "MOST_NETWORKS", 5)
    tries = Failures(allowed=1, burst=1)
    for number in range(50):
        tries.count(f"net {number}", 0.0)
    assert len(tries._left) == 5 and tries.wait("net 49", 0.0) > 0
