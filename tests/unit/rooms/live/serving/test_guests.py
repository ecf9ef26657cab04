"""Who makes way for whom, and that nobody is counted twice or forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.live.serving.guests import Guests


def test_the_one_that_has_waited_longest_makes_way() -> None:
    guests: Guests[int] = Guests(most=100, most_of_one=3)
    assert [guests.arrive(n, "near") for n in range(3)] == [None] * 3
    guests.answered(0)
    assert guests.arrive(3, "near") == 1
    guests.wait(0)
    assert guests.arrive(4, "near") == 2
    assert guests.arrive(5, "near") == 3
    assert guests.arrive(6, "near") == 0
    assert 0 not in guests and len(guests) == 3


def test_other_networks_are_not_touched() -> None:
    guests: Guests[int] = Guests(most=100, most_of_one=2)
    assert guests.arrive(1, "far") is None
    for n in range(10, 20):
        guests.arrive(n, "near")
    assert 1 in guests and len(guests) == 3


def test_the_newest_is_turned_away_when_all_others_are_being_answered() -> None:
    guests: Guests[int] = Guests(most=100, most_of_one=2)
    for n in range(2):
        guests.arrive(n, "near")
        guests.answered(n)
    assert guests.arrive(2, "near") == 2
    assert len(guests) == 2


def test_in_all_the_longest_waiting_goes_wherever_it_is_from() -> None:
    guests: Guests[int] = Guests(most=2, most_of_one=10)
    assert [guests.arrive(n, f"net {n}") for n in range(3)] == [None, None, 0]


def test_proxies_of_ours_are_not_counted_by_network() -> None:
    guests: Guests[int] = Guests(most=100, most_of_one=2)
    assert [guests.arrive(n, "") for n in range(50)] == [None] * 50


steps = st.tuples(
    st.sampled_from(["arrive", "answered", "wait", "leave"]), st.integers(0, 12), st.integers(0, 2)
)


@given(st.lists(steps, max_size=80))
def test_bounds_hold_and_nothing_is_left_behind(done: list[tuple[str, int, int]]) -> None:
    guests: Guests[int] = Guests(most=6, most_of_one=3)
    for what, guest, network in done:
        if what != "arrive":
            getattr(guests, what)(guest)
        elif guest not in guests:
            goes = guests.arrive(guest, f"net {network}")
            assert goes is None or goes not in guests
        assert len(guests) <= 6
        assert all(count <= 3 for count in guests._of.values())
        waiting = {each for some in guests._waiting_of.values() for each in some}
        assert waiting == set(guests._waiting) <= set(guests._network)
    for guest in range(13):
        guests.leave(guest)
    assert not guests._network and not guests._of and not guests._waiting_of
