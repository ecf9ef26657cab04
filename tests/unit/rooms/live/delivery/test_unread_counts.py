"""Unread counts go to members who are connected here and are not listening to the room."""

from types import SimpleNamespace
from typing import Any

from rooms.core.read_state import ReadState
from rooms.live.delivery.unread_counts import Watching

LOBBY = ReadState(1, "lobby", 3, 10, 5)


def tab_of(user_id: int, *rooms: str) -> Any:
    class Plain:
        user = SimpleNamespace(pk=user_id)
        subscriptions = dict.fromkeys(rooms)

    return Plain()


def unread(watching: Watching, tab: Any) -> int | None:
    """None: no member."""
    event = watching.said_of(tab, 1, "lobby")
    assert event is not None
    return event["unread"] if event["type"] == "unread" else None


def test_activity_tells_members_who_listen_elsewhere() -> None:
    watching = Watching()
    here, elsewhere = tab_of(1, "lobby"), tab_of(1, "den")
    watching.add(here, [LOBBY])
    watching.add(elsewhere, [LOBBY])
    assert watching.activity(1, 12, 7, {}) == [(elsewhere, 1, "lobby")]
    assert watching.said_of(elsewhere, 1, "lobby") == {
        "type": "unread",
        "room": "lobby",
        "unread": 4,
        "seq": 12,
    }


def test_who_begins_to_listen_is_told_no_more_and_who_ends_is_told_again() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    tab.subscriptions["lobby"] = None
    watching.listens(tab, 1)
    assert watching.activity(1, 12, 7, {}) == []
    del tab.subscriptions["lobby"]
    watching.listens(tab, 1)
    assert watching.activity(1, 13, 8, {}) == [(tab, 1, "lobby")]


def test_listening_to_a_room_of_which_one_is_no_member_counts_nothing() -> None:
    watching = Watching()
    tab = tab_of(1, "lobby")
    watching.add(tab, [])
    watching.listens(tab, 1)
    assert watching.activity(1, 12, 7, {}) == [] and unread(watching, tab) is None


def test_who_spoke_has_read_what_they_said() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    assert watching.activity(1, 12, 6, {1: 6}) and unread(watching, tab) == 0
    assert watching.activity(1, 13, 7, {2: 7}) and unread(watching, tab) == 1


def test_events_that_are_no_messages_say_nothing() -> None:
    watching = Watching()
    watching.add(tab_of(1), [LOBBY])
    assert watching.activity(1, 13, 5, {}) == []


def test_what_somebody_else_finds_in_the_database_is_told_to_all() -> None:
    watching = Watching()
    early, late = tab_of(1), tab_of(2, "lobby")
    assert watching.add(early, [LOBBY]) == []
    assert watching.add(late, [ReadState(1, "lobby", 0, 12, 7)]) == [(early, 1, "lobby")]
    assert unread(watching, early) == 4
    # The bell that comes late says nothing new.
    assert watching.activity(1, 12, 7, {}) == []


def test_reading_is_told_to_all_tabs() -> None:
    watching = Watching()
    tabs = [tab_of(1), tab_of(1, "lobby")]
    for tab in tabs:
        watching.add(tab, [LOBBY])
    news = watching.changed(1, ReadState(1, "lobby", 5, 10, 5))
    assert {id(tab) for tab, _, _ in news} == {id(tab) for tab in tabs}
    assert [unread(watching, tab) for tab in tabs] == [0, 0]


def test_a_late_bell_does_not_turn_the_cursor_back() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    watching.changed(1, ReadState(1, "lobby", 5, 10, 5))
    watching.changed(1, ReadState(1, "lobby", 4, 9, 4))
    assert unread(watching, tab) == 0


def test_who_joins_while_connected_is_told_from_then_on() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [])
    assert watching.activity(1, 11, 6, {}) == []
    assert watching.changed(1, ReadState(1, "lobby", 6, 11, 6)) == [(tab, 1, "lobby")]
    assert watching.activity(1, 12, 7, {}) == [(tab, 1, "lobby")]


def test_who_left_hears_nothing_more() -> None:
    watching = Watching()
    tab, other = tab_of(1), tab_of(2)
    watching.add(tab, [LOBBY])
    watching.add(other, [LOBBY])
    assert watching.changed(1, ReadState(1, "lobby", None, 10, 5)) == [(tab, 1, "lobby")]
    assert watching.said_of(tab, 1, "lobby") == {"type": "left", "room": "lobby"}
    assert watching.activity(1, 20, 9, {}) == [(other, 1, "lobby")]
    assert unread(watching, other) == 6


def test_who_came_back_before_they_were_told_that_they_left_is_a_member() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    watching.changed(1, ReadState(1, "lobby", None, 10, 5))
    watching.changed(1, LOBBY)
    assert unread(watching, tab) == 2
    watching.remove(tab)
    assert watching.said_of(tab, 1, "lobby") is None


def test_lost_bells_are_made_up_for_everybody() -> None:
    watching = Watching()
    first, second, reader = tab_of(1), tab_of(2), tab_of(3)
    for tab in (first, second, reader):
        watching.add(tab, [LOBBY])
    watching.activity(1, 11, 6, {})
    # The room has moved for all who are away, and the third has read it in another tab.
    assert set(watching.recount(1, {1}, [ReadState(1, "lobby", 3, 12, 7)])) == {
        (first, 1, "lobby"),
        (second, 1, "lobby"),
        (reader, 1, "lobby"),
    }
    assert watching.recount(2, {1}, [ReadState(1, "lobby", 3, 12, 7)]) == []
    assert watching.recount(3, {1}, [ReadState(1, "lobby", 7, 12, 7)]) == [(reader, 1, "lobby")]
    assert [unread(watching, tab) for tab in (first, second, reader)] == [4, 4, 0]


def test_a_membership_that_the_database_has_no_more_is_forgotten() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    assert watching.recount(1, {1}, []) == [(tab, 1, "lobby")]
    assert watching.recount(1, {1}, []) == []
    assert watching.rooms_of(1) == set() and not watching._rooms


def test_a_room_that_is_gone_is_forgotten() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    assert watching.forget_room(1) == [(tab, 1, "lobby")]
    assert watching.forget_room(1) == []
    assert watching.rooms_of(1) == set() and unread(watching, tab) is None
    watching.remove(tab)
    assert not watching._people


def test_nothing_is_kept_of_who_is_gone() -> None:
    watching = Watching()
    tab, second = tab_of(1), tab_of(1)
    watching.add(tab, [LOBBY])
    watching.add(second, [LOBBY])
    watching.remove(tab)
    assert watching.of(1) == [second] and watching.activity(1, 20, 9, {}) == [(second, 1, "lobby")]
    watching.remove(second)
    assert watching.of(1) == [] and watching.activity(1, 21, 10, {}) == []
    assert not watching._rooms and not watching._people
