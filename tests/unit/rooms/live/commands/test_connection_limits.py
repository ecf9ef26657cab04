"""What all sockets of a person share."""

import pytest

from rooms.limits import limits
from rooms.live.commands import connection_limits
from rooms.live.commands.connection_limits import PERSON_BURST, ConnectionLimits


def test_a_person_has_one_pace_for_all_sockets_and_keeps_it_when_they_leave() -> None:
    bounds = ConnectionLimits(100, 20)
    burst = limits().commands_burst * PERSON_BURST
    passed = sum(bounds.rate_of(1, 50.0).take(50.0) == 0 for _ in range(2 * burst))
    assert passed == burst
    assert bounds.rate_of(2, 50.0).take(50.0) == 0


def test_no_more_people_are_remembered_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_limits, "MOST_PEOPLE", 2)
    bounds = ConnectionLimits(100, 20)
    first = bounds.rate_of(1, 50.0)
    for number in (2, 3):
        bounds.rate_of(number, 50.0)
    assert bounds.rate_of(3, 50.0) is bounds.rate_of(3, 50.0)
    assert bounds.rate_of(1, 50.0) is not first
