"""Deleting: the text goes from everywhere, and nobody gets it again."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.core import log_reading
from rooms.core.log import locked
from rooms.core.reports import report_in_transaction
from rooms.features.files import actions as files
from rooms.features.messages import deletion, editing
from rooms.features.messages.actions import REMEMBERED, Post, post_message
from rooms.features.messages.deletion import delete_message
from rooms.features.reading.actions import mark_read
from rooms.features.rooms import changes
from rooms.models import Attachment, DeletedPost, Membership, Message, MessageEdit, Room, User
from rooms.protocol import Conflict, Forbidden, NotFound
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cret-words"


def say(author: User, body: str = SECRET, room: str = "lobby", **fields: Any) -> dict[str, Any]:
    return post_message(Post(author, room, body, uuid4(), **fields))


def edit(author: User, message: dict[str, Any], body: str) -> None:
    editing.edit_message(Post(author, message["room"], body), message["id"])


def told_of(room: Room) -> list[tuple[int, Any]]:
    """What the log says, by `seq`."""
    read = log_reading.read(room.pk, room.slug, 0, 1000)
    return [(seq, orjson.loads(data)) for seq, data in read]


def everything_of(room: Room) -> bytes:
    """The whole log, as it is told to those who ask for it."""
    return b"\n".join(data for _, data in log_reading.read(room.pk, room.slug, 0, 1000))


def test_the_text_is_nowhere(alice: User, bob: User, lobby: Room, caller: Callers) -> None:
    said = say(bob, f"first {SECRET}")
    edit(bob, said, f"second {SECRET}")
    edit(bob, said, f"third {SECRET}")
    other = say(bob, "stays")
    heard = [
        (seq, orjson.loads(data)) for seq, data in log_reading.read(lobby.pk, "lobby", 0, 1000)
    ]
    delete_message(bob, "lobby", said["id"])
    assert not Message.objects.filter(pk=said["id"]).exists()
    assert not MessageEdit.objects.exists()
    assert SECRET.encode() not in everything_of(lobby)
    after = [
        (seq, orjson.loads(data)) for seq, data in log_reading.read(lobby.pk, "lobby", 0, 1000)
    ]
    assert len(after) == len(heard) + 1
    for (seq, before), (seq_now, now) in zip(heard, after, strict=False):
        same = ("type", "room", "seq", "at")
        assert seq == seq_now and all(before[key] == now[key] for key in same)
        if before.get("message", {}).get("id") == said["id"]:
            deleted: dict[str, Any] = {"body": "", "html": "", "edited_at": None, "attachments": []}
            assert now["message"] == {
                **said,
                **deleted,
                "deleted": {"at": after[-1][1]["at"], "by": {"id": bob.pk, "name": bob.name}},
            }
        else:
            assert before == now
    last = after[-1][1]
    assert (last["type"], last["kept"]) == ("message.deleted", False)
    assert last["message"]["id"] == said["id"]
    page = caller(alice).get("rooms/lobby/messages").data["messages"]
    assert [each["id"] for each in page] == [other["id"]]


def test_what_was_answered_leaves_a_mark(
    alice: User, bob: User, lobby: Room, caller: Callers
) -> None:
    said = say(bob)
    answer = say(alice, "why?", reply_to=said["id"])
    delete_message(alice, "lobby", said["id"])
    page = caller(bob).get("rooms/lobby/messages").data["messages"]
    assert [each["id"] for each in page] == [said["id"], answer["id"]]
    mark = page[0]
    assert (mark["body"], mark["html"], mark["author"]["id"]) == ("", "", bob.pk)
    assert mark["deleted"]["by"]["id"] == alice.pk
    assert page[1]["reply_to"] == said["id"]
    told = orjson.loads(log_reading.read(lobby.pk, "lobby", 0, 1000)[-1][1])
    assert (told["kept"], told["message"]) == (True, mark)
    for refused in (
        lambda: delete_message(bob, "lobby", said["id"]),
        lambda: edit(bob, said, "x"),
        lambda: editing.earlier_texts(bob, "lobby", said["id"]),
        lambda: say(bob, "and?", reply_to=said["id"]),
    ):
        with pytest.raises(NotFound):
            refused()


@pytest.mark.parametrize("answered", [False, True])
def test_sent_once_more_it_is_not_said_again(alice: User, lobby: Room, answered: bool) -> None:
    said = say(alice)
    if answered:
        say(alice, "why?", reply_to=said["id"])
    delete_message(alice, "lobby", said["id"])
    count = Message.objects.count()
    with pytest.raises(Conflict):
        post_message(Post(alice, "lobby", SECRET, UUID(said["client_id"])))
    assert Message.objects.count() == count
    assert say(alice, "something else")["body"] == "something else"


def test_what_is_deleted_is_forgotten_after_a_while(alice: User, lobby: Room) -> None:
    for _ in range(2):
        delete_message(alice, "lobby", say(alice)["id"])
    Room.objects.filter(pk=lobby.pk).update(last_deletion_at=timezone.now() - REMEMBERED)
    with CaptureQueriesContext(connection) as queries:
        say(alice, "later")
    assert "deletedpost" not in str(queries.captured_queries)
    DeletedPost.objects.filter(pk=DeletedPost.objects.earliest("pk").pk).update(
        at=timezone.now() - REMEMBERED
    )
    assert deletion.forgotten_posts() == 1
    assert DeletedPost.objects.count() == 1


def attached(room: Room, owner: User, message_id: int | None = None) -> tuple[Attachment, Path]:
    row = files.attach(room, owner, "a.txt", "text/plain", ContentFile(SECRET.encode()))
    Attachment.objects.filter(pk=row.pk).update(message=message_id)
    return row, Path(row.file.path)


def test_its_files_go_with_it(alice: User, lobby: Room) -> None:
    said = say(alice)
    row, path = attached(lobby, alice, said["id"])
    other, others = attached(lobby, alice)
    delete_message(alice, "lobby", said["id"])
    assert not Attachment.objects.filter(pk=row.pk).exists() and not path.exists()
    assert Attachment.objects.filter(pk=other.pk).exists() and others.exists()


def test_what_an_app_has_left_keeps_its_files(alice: User, lobby: Room) -> None:
    row, path = attached(lobby, alice)
    with locked(lobby.pk) as (logs, room):
        report = report_in_transaction(logs, room, alice, SECRET, "job", uuid4(), [row])
    delete_message(alice, "lobby", report.pk)
    row.refresh_from_db()
    assert row.message_id is None and path.exists()
    assert SECRET.encode() not in everything_of(lobby)


def test_archived_rooms_stay_as_they_are(alice: User, lobby: Room) -> None:
    said = say(alice)
    changes.change_room(lobby.pk, {"archived": True})
    with pytest.raises(Forbidden) as refusal:
        delete_message(alice, "lobby", said["id"])
    assert refusal.value.code == "archived"


def test_nothing_is_unread_once_it_was_read_past(
    alice: User, bob: User, lobby: Room, caller: Callers
) -> None:
    """What was deleted unread counts until the reader has come by, and not for ever."""
    mark_read(alice, "lobby", Room.objects.get(pk=lobby.pk).last_seq)
    said = [say(bob, f"{number}") for number in range(4)]

    def unread() -> int:
        return int(caller(alice).get("rooms/lobby").data["unread"])

    delete_message(bob, "lobby", said[3]["id"])
    delete_message(bob, "lobby", said[1]["id"])
    assert unread() == 4
    mark_read(alice, "lobby", said[0]["seq"])
    # The one below it is gone, and counts as read with it.
    assert unread() == 2
    mark_read(alice, "lobby", said[2]["seq"])
    assert unread() == 0
    assert Membership.objects.get(room=lobby, user=alice).read_seq == said[2]["seq"]
