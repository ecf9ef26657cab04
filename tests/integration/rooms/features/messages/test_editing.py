"""Editing: what changes, what stays, what is refused."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from rooms.core.log import locked
from rooms.core.reports import report_in_transaction
from rooms.features.bans import actions as bans
from rooms.features.members import actions as members
from rooms.features.messages import editing
from rooms.features.messages.actions import Post, post_message
from rooms.features.rooms import changes
from rooms.models import Event, Membership, Message, Room, User
from rooms.protocol import Forbidden, Invalid, NotFound
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)


def say(author: User, body: str = "Hello", room: str = "lobby", **fields: Any) -> dict[str, Any]:
    return post_message(Post(author, room, body, uuid4(), **fields))


def edit(author: User, message: dict[str, Any], body: str) -> editing.WrittenEdit:
    return editing.edit_message(Post(author, message["room"], body), message["id"])


def test_an_edit_is_rendered_and_said_and_what_stood_there_is_kept(
    alice: User, lobby: Room
) -> None:
    said = say(alice, "first")
    written = edit(alice, said, "*second*  \n")
    row = Message.objects.get(pk=said["id"])
    assert (row.body, row.html) == ("*second*", "<p><em>second</em></p>")
    changed = {"body": row.body, "html": row.html, "edited_at": written.message["edited_at"]}
    assert written.message == {**said, **changed} and changed["edited_at"] > said["at"]
    event = Event.objects.get(room=lobby, seq=written.seq)
    assert (event.type, event.payload) == ("message.edited", {"message": written.message})
    edit(alice, said, "third")
    earlier = editing.earlier_texts(alice, "lobby", said["id"])
    assert [(each["body"], each["at"]) for each in earlier] == [
        ("first", said["at"]),
        ("*second*", written.message["edited_at"]),
    ]
    assert earlier[0]["until"] == earlier[1]["at"]


def test_the_same_text_again_is_no_event(alice: User, lobby: Room) -> None:
    said = say(alice)
    head = Room.objects.get(pk=lobby.pk).last_seq
    assert edit(alice, said, "Hello \n") == editing.WrittenEdit(head, said)
    assert Room.objects.get(pk=lobby.pk).last_seq == head


def test_nothing_is_unread_by_an_edit_and_no_marker_moves(
    alice: User, bob: User, lobby: Room
) -> None:
    say(bob)
    said = say(alice)
    before = list(Membership.objects.filter(room=lobby).values())
    count = Room.objects.get(pk=lobby.pk).message_count
    edit(alice, said, "other")
    assert list(Membership.objects.filter(room=lobby).values()) == before
    assert Room.objects.get(pk=lobby.pk).message_count == count


@pytest.mark.parametrize("body", ["", " \n", "a\x00b", "\ud800", "x" * 10_001, "\u200b"])
def test_a_text_that_is_no_message_is_no_edit(alice: User, lobby: Room, body: str) -> None:
    said = say(alice)
    with pytest.raises(Invalid):
        edit(alice, said, body)
    assert Message.objects.get(pk=said["id"]).body == "Hello"


def test_who_may_not_post_may_not_edit(alice: User, bob: User, lobby: Room, den: Room) -> None:
    said, quiet = say(bob), say(bob, room="den")
    for room in (lobby, den):
        members.leave(bob, room.slug)
    with pytest.raises(Forbidden):
        edit(bob, said, "other")
    with pytest.raises(NotFound):
        edit(bob, quiet, "other")
    members.join(bob, "lobby")
    changes.change_room(lobby.pk, {"archived": True})
    with pytest.raises(Forbidden) as refusal:
        edit(bob, said, "other")
    assert refusal.value.code == "archived"
    changes.change_room(lobby.pk, {"archived": False})
    bans.ban(lobby.pk, bob, alice)
    with pytest.raises(NotFound):
        edit(bob, said, "other")


def test_only_texts_and_only_where_they_are(alice: User, lobby: Room, den: Room) -> None:
    with locked(lobby.pk) as (logs, room):
        report = report_in_transaction(logs, room, alice, "Done", "job", uuid4())
    for message in ({"id": report.pk, "room": "lobby"}, {**say(alice), "room": "den"}):
        with pytest.raises((Forbidden, NotFound)):
            edit(alice, message, "other")


def test_the_time_for_it(alice: User, lobby: Room) -> None:
    said = say(alice)
    row = Message.objects.filter(pk=said["id"])
    created_at = row.get().created_at
    for window, ages, late in (
        (60, [59], [60, 3600]),
        ("always", [0, 10_000_000], []),
        ("never", [], [0, 1]),
    ):
        changes.change_room(lobby.pk, {"edit_window": window}, by=alice)
        for age in [*ages, *late]:
            row.update(created_at=created_at - timedelta(seconds=age - (age == 59)))
            if age in late:
                with pytest.raises(Forbidden):
                    edit(alice, said, f"{window} {age}")
            else:
                edit(alice, said, f"{window} {age}")
    assert Event.objects.filter(room=lobby, type="room.changed").count() == 3


def test_how_often(alice: User, lobby: Room, settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"message_edits": 2})
    said = say(alice)
    for body in ("1", "2", "2"):
        edit(alice, said, body)
    with pytest.raises(Forbidden):
        edit(alice, said, "3")


def test_over_rest(alice: User, bob: User, charlie: User, lobby: Room, caller: Callers) -> None:
    anas, bens, carls = caller(alice), caller(bob), caller(charlie)
    said = bens.post("rooms/lobby/messages", {"body": "one"}).data
    path = f"rooms/lobby/messages/{said['id']}"
    answer = bens.send("patch", path, {"body": "two"})
    assert answer.status_code == 200 and answer.data["body"] == "two"
    assert bens.get("rooms/lobby/messages").data["messages"][-1] == answer.data
    for reader in (anas, bens):
        edits = reader.get(f"{path}/history").data["edits"]
        assert [each["body"] for each in edits] == ["one"]
    assert carls.get(f"{path}/history").status_code == 403
    assert anas.send("patch", path, {"body": "three"}).status_code == 403
    assert bens.send("patch", path, {"body": " "}).status_code == 422
    assert bens.send("patch", "rooms/lobby/messages/99999999", {"body": "x"}).status_code == 404
    changed = anas.send("patch", "rooms/lobby", {"edit_window": "never"})
    assert changed.data["edit_window"] == "never"
    for window in (0, -1, "sometimes", True, 2**31):
        refused = anas.send("patch", "rooms/lobby", {"edit_window": window})
        assert refused.status_code == 422, window
    assert anas.send("patch", "rooms/lobby", {"edit_window": 60}).data["edit_window"] == 60
