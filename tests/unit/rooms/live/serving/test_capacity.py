"""How many connections fit into the descriptors there are."""

import pytest

from rooms.live.serving.capacity import OWN_DESCRIPTORS, capacity, wanted_descriptors


def test_all_that_is_wanted_fits_into_what_is_asked_for() -> None:
    found = capacity(wanted_descriptors(20_000, 2_000), 20_000, 2_000)
    assert (found.sockets, found.guests) == (20_000, 2_000)


@pytest.mark.parametrize("descriptors", [128, 256, 1024, 4096, 65536])
def test_those_inside_keep_theirs(descriptors: int) -> None:
    found = capacity(descriptors, 20_000, 2_000)
    assert wanted_descriptors(found.sockets, found.guests) <= descriptors
    assert found.sockets > 0 and found.guests > 0
    assert descriptors - found.connections >= OWN_DESCRIPTORS


def test_there_is_always_room_for_one() -> None:
    assert capacity(10, 20_000, 2_000).connections == 2
