"""Unread counts go to members who are connected here and are not listening to the room."""

from types import SimpleNamespace
from typing import Any

from rooms.core.read_state import ReadState
from rooms.live.delivery.unread_counts import UnreadCounts

LOBBY = ReadState(1, "lobby", 3, 10, 5)


def tab_of(user_id: int, *rooms: str) -> Any:
    class Plain:
        user = SimpleNamespace(pk=user_id)
        subscriptions = dict.fromkeys(rooms)

    return Plain()


def unread(counts: UnreadCounts, tab: Any) -> int | None:
    """None: no member."""
    event = counts.said_of(tab, 1, "lobby")
    assert event is not None
    return event["unread"] if event["type"] == "unread" else None


def test_activity_tells_members_who_listen_elsewhere() -> None:
    counts = UnreadCounts()
    here, elsewhere = tab_of(1, "lobby"), tab_of(1, "den")
    counts.add(here, [LOBBY])
    counts.add(elsewhere, [LOBBY])
    assert counts.activity(1, 12, 7, {}) == [(elsewhere, 1, "lobby")]
    assert counts.said_of(elsewhere, 1, "lobby") == {
        "type": "unread",
        "room": "lobby",
        "unread": 4,
        "seq": 12,
    }


def test_who_begins_to_listen_is_told_no_more_and_who_ends_is_told_again() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    tab.subscriptions["lobby"] = None
    counts.listens(tab, 1)
    assert counts.activity(1, 12, 7, {}) == []
    del tab.subscriptions["lobby"]
    counts.listens(tab, 1)
    assert counts.activity(1, 13, 8, {}) == [(tab, 1, "lobby")]


def test_listening_to_a_room_of_which_one_is_no_member_counts_nothing() -> None:
    counts = UnreadCounts()
    tab = tab_of(1, "lobby")
    counts.add(tab, [])
    counts.listens(tab, 1)
    assert counts.activity(1, 12, 7, {}) == [] and unread(counts, tab) is None


def test_who_spoke_has_read_what_they_said() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    assert counts.activity(1, 12, 6, {1: 6}) and unread(counts, tab) == 0
    assert counts.activity(1, 13, 7, {2: 7}) and unread(counts, tab) == 1


def test_events_that_are_no_messages_say_nothing() -> None:
    counts = UnreadCounts()
    counts.add(tab_of(1), [LOBBY])
    assert counts.activity(1, 13, 5, {}) == []


def test_what_somebody_else_finds_in_the_database_is_told_to_all() -> None:
    counts = UnreadCounts()
    early, late = tab_of(1), tab_of(2, "lobby")
    assert counts.add(early, [LOBBY]) == []
    assert counts.add(late, [ReadState(1, "lobby", 0, 12, 7)]) == [(early, 1, "lobby")]
    assert unread(counts, early) == 4
    # The bell that comes late says nothing new.
    assert counts.activity(1, 12, 7, {}) == []


def test_reading_is_told_to_all_tabs() -> None:
    counts = UnreadCounts()
    tabs = [tab_of(1), tab_of(1, "lobby")]
    for tab in tabs:
        counts.add(tab, [LOBBY])
    news = counts.changed(1, ReadState(1, "lobby", 5, 10, 5))
    assert {id(tab) for tab, _, _ in news} == {id(tab) for tab in tabs}
    assert [unread(counts, tab) for tab in tabs] == [0, 0]


def test_a_late_bell_does_not_turn_the_cursor_back() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    counts.changed(1, ReadState(1, "lobby", 5, 10, 5))
    counts.changed(1, ReadState(1, "lobby", 4, 9, 4))
    assert unread(counts, tab) == 0


def test_who_joins_while_connected_is_told_from_then_on() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [])
    assert counts.activity(1, 11, 6, {}) == []
    assert counts.changed(1, ReadState(1, "lobby", 6, 11, 6)) == [(tab, 1, "lobby")]
    assert counts.activity(1, 12, 7, {}) == [(tab, 1, "lobby")]


def test_who_left_hears_nothing_more() -> None:
    counts = UnreadCounts()
    tab, other = tab_of(1), tab_of(2)
    counts.add(tab, [LOBBY])
    counts.add(other, [LOBBY])
    assert counts.changed(1, ReadState(1, "lobby", None, 10, 5)) == [(tab, 1, "lobby")]
    assert counts.said_of(tab, 1, "lobby") == {"type": "left", "room": "lobby"}
    assert counts.activity(1, 20, 9, {}) == [(other, 1, "lobby")]
    assert unread(counts, other) == 6


def test_who_came_back_before_they_were_told_that_they_left_is_a_member() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    counts.changed(1, ReadState(1, "lobby", None, 10, 5))
    counts.changed(1, LOBBY)
    assert unread(counts, tab) == 2
    counts.remove(tab)
    assert counts.said_of(tab, 1, "lobby") is None


def test_lost_bells_are_made_up_for_everybody() -> None:
    counts = UnreadCounts()
    first, second, reader = tab_of(1), tab_of(2), tab_of(3)
    for tab in (first, second, reader):
        counts.add(tab, [LOBBY])
    counts.activity(1, 11, 6, {})
    # The room has moved for all who are away, and the third has read it in another tab.
    assert set(counts.recount(1, {1}, [ReadState(1, "lobby", 3, 12, 7)])) == {
        (first, 1, "lobby"),
        (second, 1, "lobby"),
        (reader, 1, "lobby"),
    }
    assert counts.recount(2, {1}, [ReadState(1, "lobby", 3, 12, 7)]) == []
    assert counts.recount(3, {1}, [ReadState(1, "lobby", 7, 12, 7)]) == [(reader, 1, "lobby")]
    assert [unread(counts, tab) for tab in (first, second, reader)] == [4, 4, 0]


def test_a_membership_that_the_database_has_no_more_is_forgotten() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    assert counts.recount(1, {1}, []) == [(tab, 1, "lobby")]
    assert counts.recount(1, {1}, []) == []
    assert counts.rooms_of(1) == set() and not counts._rooms


def test_a_room_that_is_gone_is_forgotten() -> None:
    counts = UnreadCounts()
    tab = tab_of(1)
    counts.add(tab, [LOBBY])
    assert counts.forget_room(1) == [(tab, 1, "lobby")]
    assert counts.forget_room(1) == []
    assert counts.rooms_of(1) == set() and unread(counts, tab) is None
    counts.remove(tab)
    assert not counts._people


def test_nothing_is_kept_of_who_is_gone() -> None:
    counts = UnreadCounts()
    tab, second = tab_of(1), tab_of(1)
    counts.add(tab, [LOBBY])
    counts.add(second, [LOBBY])
    counts.remove(tab)
    assert counts.of(1) == [second] and counts.activity(1, 20, 9, {}) == [(second, 1, "lobby")]
    counts.remove(second)
    assert counts.of(1) == [] and counts.activity(1, 21, 10, {}) == []
    assert not counts._rooms and not counts._people
