"""Unread counts go to members who are connected here and are not listening to the room."""

from types import SimpleNamespace
from typing import Any

from rooms.live.watching import Watching

LOBBY = (1, "lobby", 3, 10, 5)


def tab_of(user_id: int, *rooms: str) -> Any:
    class Plain:
        user = SimpleNamespace(pk=user_id)
        subscriptions = dict.fromkeys(rooms)

    return Plain()


def test_activity_tells_members_who_listen_elsewhere() -> None:
    watching = Watching()
    here, elsewhere = tab_of(1, "lobby"), tab_of(1, "den")
    watching.add(here, [LOBBY])
    watching.add(elsewhere, [LOBBY])
    assert watching.activity(1, 12, 7, {}) == [
        (elsewhere, {"type": "unread", "room": "lobby", "unread": 4, "seq": 12})
    ]


def test_who_spoke_has_read_what_they_said() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    assert watching.activity(1, 12, 6, {1: 6})[0][1]["unread"] == 0
    assert watching.activity(1, 13, 7, {2: 7})[0][1]["unread"] == 1


def test_events_that_are_no_messages_say_nothing() -> None:
    watching = Watching()
    watching.add(tab_of(1), [LOBBY])
    assert watching.activity(1, 13, 5, {}) == []


def test_reading_is_told_to_all_tabs() -> None:
    watching = Watching()
    tabs = [tab_of(1), tab_of(1, "lobby")]
    for tab in tabs:
        watching.add(tab, [LOBBY])
    news = watching.changed(1, (1, "lobby", 5, 10, 5))
    assert {id(tab) for tab, _ in news} == {id(tab) for tab in tabs}
    assert all(event["unread"] == 0 for _, event in news)


def test_a_late_bell_does_not_turn_the_cursor_back() -> None:
    watching = Watching()
    watching.add(tab_of(1), [LOBBY])
    watching.changed(1, (1, "lobby", 5, 10, 5))
    assert watching.changed(1, (1, "lobby", 4, 9, 4))[0][1]["unread"] == 0


def test_who_left_hears_nothing_more() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    assert watching.changed(1, (1, "lobby", None, 10, 5)) == []
    assert watching.activity(1, 20, 9, {}) == []


def test_nothing_is_kept_of_who_is_gone() -> None:
    watching = Watching()
    tab = tab_of(1)
    watching.add(tab, [LOBBY])
    watching.remove(tab)
    assert watching.of(1) == [] and watching.activity(1, 20, 9, {}) == []
    assert not watching._members and not watching._people
