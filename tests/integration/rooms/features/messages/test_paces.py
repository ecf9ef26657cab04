"""Rooms in which not everybody posts at any time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.paces import seconds_left
from rooms.features.reactions.actions import react
from rooms.features.rooms import changes
from rooms.models import Membership, Message, Room, User
from rooms.protocol import Forbidden, Refusal
from rooms.protocol.refusals import SlowMode
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, slug: str = "lobby", **more: Any) -> Any:
    return messages.post_message(Post(user, slug, "Hello", **more))


def slow(room: Room, seconds: int = 60) -> None:
    changes.change_room(room.pk, {"slow_mode": seconds})


def wait(room: Room, seconds: int) -> None:
    """As if so much time had passed."""
    for row in Membership.objects.filter(room=room).exclude(posted_at=None):
        assert row.posted_at is not None
        row.posted_at -= timedelta(seconds=seconds)
        row.joined_at -= timedelta(seconds=seconds)
        row.save()
    for said in Message.objects.filter(room=room):
        said.created_at -= timedelta(seconds=seconds)
        said.save()


def test_how_long_one_waits() -> None:
    now = timezone.now()
    assert seconds_left(None, 60, now) == 0
    assert seconds_left(now, 60, now) == 60
    assert seconds_left(now - timedelta(seconds=59.5), 60, now) == 1
    assert seconds_left(now - timedelta(seconds=60), 60, now) == 0


def test_slow_mode_is_a_members_own(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    slow(lobby)
    say(bob)
    answer = caller(bob).post("rooms/lobby/messages", {"body": "Again"})
    assert (answer.status_code, answer.data["code"]) == (429, "slow_mode")
    assert answer.data["detail"].startswith("Slow mode: you can post here again in ")
    assert 1 <= int(answer["Retry-After"]) <= 60
    # Others have a pace of their own; who looks after the room has none.
    say(charlie)
    for _ in range(3):
        say(alice)
    wait(lobby, 60)
    say(bob)
    with pytest.raises(SlowMode):
        say(bob)
    changes.change_room(lobby.pk, {"slow_mode": 0})
    say(bob)


def test_the_same_message_again_is_no_other(bob: User, lobby: Room) -> None:
    slow(lobby)
    client_id = uuid4()
    first = say(bob, client_id=client_id)
    assert say(bob, client_id=client_id)["id"] == first["id"]


def test_nothing_is_a_way_around_it(bob: User, charlie: User, lobby: Room) -> None:
    slow(lobby)
    said = say(bob)
    delete_message(bob, "lobby", said["id"])
    with pytest.raises(SlowMode):
        say(bob)
    # Leaving and coming back, by speaking and by joining.
    members.leave(bob, "lobby")
    said = say(charlie, client_id=uuid4())
    members.leave(charlie, "lobby")
    with pytest.raises(SlowMode):
        say(charlie)
    assert not Membership.objects.filter(user=charlie).exists(), "a refused post joins nobody"
    members.join(charlie, "lobby")
    with pytest.raises(SlowMode):
        say(charlie)
    delete_message(charlie, "lobby", said["id"])
    with pytest.raises(SlowMode):
        say(charlie)


def test_two_at_the_same_moment_are_one(bob: User, lobby: Room) -> None:
    slow(lobby)
    ready = Barrier(4)

    def one(_: int) -> bool:
        try:
            ready.wait()
            say(bob)
        except Refusal:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
    assert Message.objects.filter(room=lobby).count() == 1
    # And in one transaction of the journal.
    wait(lobby, 60)
    outcomes = messages.post_messages([Post(bob, "lobby", str(number)) for number in range(3)])
    assert [isinstance(each, SlowMode) for each in outcomes] == [False, True, True]


def test_where_only_moderators_post(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    said = say(bob)
    changes.change_room(lobby.pk, {"who_posts": "moderators"})
    for user in (bob, charlie):
        with pytest.raises(Forbidden, match="only owners and moderators"):
            say(user)
    # To write something else in its place is to post it.
    path = f"rooms/lobby/messages/{said['id']}"
    assert caller(bob).send("patch", path, {"body": "Posted all the same"}).status_code == 403
    say(alice)
    react(bob, "lobby", said["id"], "👍")
    assert not Membership.objects.filter(user=charlie).exists()
    management.change_role(lobby.pk, bob, "moderator")
    say(bob)
    # Work in the room is speaking there.
    answer = caller(charlie).post("jobs", {"kind": "room.report", "params": {}, "room": "lobby"})
    assert answer.status_code == 403


def test_a_room_without_bounds_costs_no_query_more(
    alice: User, bob: User, lobby: Room, den: Room
) -> None:
    counts = {}
    Membership.objects.update(joined_at=timezone.now() - timedelta(days=1))
    for slug in ("lobby", "den"):
        say(bob, slug)
    for name, room in (("plain", lobby), ("slow", den)):
        if name == "slow":
            slow(room)
        with CaptureQueriesContext(connection) as queries:
            say(bob, room.slug)
        counts[name] = [each["sql"] for each in queries]
    assert not any("posted_at" in sql or "role" in sql for sql in counts["plain"])
    assert len(counts["slow"]) - len(counts["plain"]) <= 4


def test_a_room_says_what_it_is_for(
    caller: Callers, alice: User, bob: User, lobby: Room, store: Store
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    change = {
        "description": " # Rules\n\nBe *kind*. <script>alert(1)</script>\n",
        "who_posts": "moderators",
        "slow_mode": 30,
    }
    answer = watch.verify(
        lambda: caller(alice).send("patch", "rooms/lobby", change), "room.changed"
    )
    assert answer.status_code == 200, answer.data
    assert answer.data["description"].startswith("# Rules")
    html = answer.data["description_html"]
    assert "<h1>Rules</h1>" in html and "<em>kind</em>" in html and "<script" not in html
    assert (answer.data["who_posts"], answer.data["slow_mode"]) == ("moderators", 30)
    # Lists leave the long text out.
    [listed] = caller(bob).get("rooms").data["rooms"]
    assert "description" not in listed and listed["slow_mode"] == 30
    for wrong in (
        {"description": "x" * 2001},
        {"slow_mode": -1},
        {"slow_mode": 3601},
        {"slow_mode": True},
        {"who_posts": "nobody"},
    ):
        assert caller(alice).send("patch", "rooms/lobby", wrong).status_code == 422
    assert caller(bob).send("patch", "rooms/lobby", {"slow_mode": 0}).status_code == 403
    emptied = caller(alice).send("patch", "rooms/lobby", {"description": " "}).data
    assert (emptied["description"], emptied["description_html"]) == ("", "")


def test_a_list_of_rooms_reads_no_descriptions(caller: Callers, alice: User, lobby: Room) -> None:
    with CaptureQueriesContext(connection) as queries:
        caller(alice).get("rooms")
    assert not any("description_html" in each["sql"] for each in queries)
