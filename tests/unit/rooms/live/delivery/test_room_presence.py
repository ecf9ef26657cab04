"""Who is in a room as one process knows it: what it shows, and what it has to tell Redis."""

from rooms.core.presence_leases import NOBODY, Picture
from rooms.live.delivery.room_presence import RoomPresence

MOST = 3


def ids(people: RoomPresence) -> object:
    present = people.present(MOST)
    return present if isinstance(present, int) else [each["id"] for each in present]


def test_several_tabs_are_one_person() -> None:
    people = RoomPresence(1)
    assert people.arrive(7, "Ana")
    assert not people.arrive(7, "Ana")
    assert people.present(MOST) == [{"id": 7, "name": "Ana"}]
    assert not people.depart(7)
    assert ids(people) == [7]
    assert people.depart(7)
    assert ids(people) == []


def test_who_has_just_come_or_gone_here_counts_at_once() -> None:
    people = RoomPresence(1)
    people.picture = Picture("5", {1: "Ana", 2: "Ben"})
    people.arrive(3, "Cleo")
    assert ids(people) == [1, 2, 3]
    people.arrive(1, "Ana")
    people.depart(1)
    assert ids(people) == [2, 3]


def test_more_than_a_number_of_people_are_a_number() -> None:
    people = RoomPresence(1)
    people.picture = Picture("5", {1: "Ana", 2: "Ben", 3: "Cleo"})
    people.arrive(4, "Dan")
    assert ids(people) == 4
    people.picture = Picture("6", 250)
    assert ids(people) == 250
    people.picture = NOBODY
    for user_id in range(10, 15):
        people.arrive(user_id, "Somebody")
    assert ids(people) == 6


def test_only_what_was_said_is_written() -> None:
    people = RoomPresence(1)
    people.arrive(1, "Ana")
    people.arrive(2, "Ben")
    said = people.change(MOST)
    assert said.here == {1: "Ana", 2: "Ben"} and said.held == 2
    people.depart(2)
    people.written(said)
    said = people.change(MOST)
    assert (said.here, list(said.left), said.held) == ({}, [2], 1)
    # Redis did not answer: it is said again.
    assert people.change(MOST) == said
    people.written(said)
    assert people.change(MOST).here == {} and not people.unwritten


def test_many_are_said_in_pieces_and_counted_after_the_last() -> None:
    people = RoomPresence(1)
    for user_id in range(5):
        people.arrive(user_id, "Somebody")
    first = people.change(3)
    assert len(first.here) == 3 and first.held is None
    people.written(first)
    second = people.change(3)
    assert len(second.here) == 2 and second.held == 5


def test_what_redis_has_forgotten_is_said_from_the_beginning_once() -> None:
    people = RoomPresence(1)
    people.arrive(1, "Ana")
    people.written(people.change(MOST))
    people.write_whole()
    again = people.change(MOST)
    assert again.whole and again.here == {1: "Ana"}
    people.written(again)
    assert not people.change(MOST).whole


def test_a_room_that_nobody_is_in_is_settled_when_redis_knows() -> None:
    people = RoomPresence(1)
    assert people.settled
    people.arrive(1, "Ana")
    people.depart(1)
    assert not people.settled
    people.written(people.change(MOST))
    assert people.settled


def test_news_is_what_the_room_was_not_told() -> None:
    people = RoomPresence(1)
    people.arrive(1, "Ana")
    assert people.news(MOST) == [{"id": 1, "name": "Ana"}]
    assert people.news(MOST) is None
    people.depart(1)
    people.arrive(1, "Ana")
    assert people.news(MOST) is None
    people.arrive(2, "Ben")
    assert people.news(MOST) is not None


def test_an_answer_given_before_redis_has_heard_is_followed_by_the_truth() -> None:
    """Ben has left here, and may still be elsewhere: who comes now is told so, or told better."""
    people = RoomPresence(1)
    people.picture = Picture("5", {1: "Ana", 2: "Ben"})
    people.arrive(1, "Ana")
    people.arrive(2, "Ben")
    people.written(people.change(MOST))
    assert people.news(MOST) is not None
    people.depart(2)
    people.arrive(1, "Ana")
    assert people.answer(MOST) == [{"id": 1, "name": "Ana"}]
    people.written(people.change(MOST))
    assert people.news(MOST) == [{"id": 1, "name": "Ana"}, {"id": 2, "name": "Ben"}]
