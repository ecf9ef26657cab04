"""Every action: the state from before, with the events applied, is the state after it.

A browser holds a room as its page showed it and applies what it hears. If that ever differs from
what a fresh page shows, an event says too little, an action tells nobody, or the store is wrong.
"""

import uuid
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from rooms.core import bell
from rooms.core.log import writing_in_transaction
from rooms.core.reports import report_in_transaction
from rooms.features.files import actions as files
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.messages import editing
from rooms.features.messages.deletion import delete_message
from rooms.features.reading import actions as reading
from rooms.features.rooms import actions as room_actions
from rooms.features.rooms import changes
from rooms.models import Attachment, Event, Membership, Message, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)

# A room's slug → its watch.
Watching = Callable[[str], Watch]


@pytest.fixture
def watch(
    store: Store, caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> Watching:
    callers = {viewer: caller(viewer) for viewer in (alice, bob, charlie)}
    return lambda slug: Watch(store, callers, slug)


def test_edit_and_delete(watch: Watching, alice: User, bob: User) -> None:
    lobby = watch("lobby")

    def say(body: str, reply_to: int | None = None) -> int:
        post = messages.Post(bob, "lobby", body, uuid.uuid4(), reply_to)
        return cast(int, messages.post_message(post)["id"])

    def edit(message: int, body: str) -> Any:
        return editing.edit_message(messages.Post(bob, "lobby", body), message)

    first, second = say("one"), say("two")
    say("three", first)
    lobby.verify(lambda: edit(first, "*other*"), "message.edited")
    lobby.verify(lambda: edit(first, "*other*"))
    # Answered, it leaves a mark; the other one nothing.
    lobby.verify(lambda: delete_message(alice, "lobby", first), "message.deleted")
    lobby.verify(lambda: delete_message(bob, "lobby", second), "message.deleted")

    def all_at_once() -> None:
        kept, gone = say("four"), say("five")
        say("six", kept)
        edit(gone, "seven")
        delete_message(bob, "lobby", kept)
        delete_message(bob, "lobby", gone)

    said = ["message.created"] * 3
    lobby.verify(all_at_once, *said, "message.edited", "message.deleted", "message.deleted")


def test_post(watch: Watching, alice: User) -> None:
    said = watch("lobby").verify(
        lambda: messages.post_message(messages.Post(alice, "lobby", "*Hello*", uuid.uuid4())),
        "message.created",
    )
    watch("lobby").verify(
        lambda: messages.post_message(
            messages.Post(
                alice,
                "lobby",
                "Me again",
                reply_to=said["id"],
            )
        ),
        "message.created",
    )


def test_post_of_a_newcomer(watch: Watching, charlie: User) -> None:
    watch("lobby").verify(
        lambda: messages.post_message(messages.Post(charlie, "lobby", "Hello")),
        "member.joined",
        "message.created",
    )


def test_the_same_post_again(watch: Watching, alice: User) -> None:
    post = messages.Post(alice, "lobby", "Hello", uuid.uuid4())
    first = messages.post_message(post)
    assert watch("lobby").verify(lambda: messages.post_message(post)) == first


def test_a_batch_fails_post_by_post(watch: Watching, alice: User, bob: User, charlie: User) -> None:
    again = uuid.uuid4()
    posts = [
        messages.Post(alice, "lobby", "one"),
        messages.Post(alice, "lobby", ""),
        messages.Post(charlie, "den", "two"),
        messages.Post(charlie, "lobby", "three", again),
        messages.Post(bob, "nowhere", "four"),
        messages.Post(bob, "lobby\x00", "five"),
        messages.Post(bob, "lobby", "six\x00"),
        messages.Post(bob, "lobby", "seven\ud800"),
        messages.Post(bob, "lobby", "eight", reply_to=2**62),
        messages.Post(charlie, "lobby", "three", again),
        messages.Post(bob, "lobby", "nine"),
    ]
    outcomes = watch("lobby").verify(
        lambda: messages.post_messages(posts),
        "message.created",
        "member.joined",
        "message.created",
        "message.created",
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [dict, Invalid, NotFound, dict, NotFound, NotFound] + [Invalid] * 2 + [
        NotFound,
        dict,
        dict,
    ]
    assert outcomes[3] == outcomes[9]


def test_a_batch_of_several_rooms(watch: Watching, alice: User) -> None:
    posts = [messages.Post(alice, slug, "Hi") for slug in ("lobby", "den", "lobby")]
    outcomes = watch("den").verify(lambda: messages.post_messages(posts), "message.created")
    lobby, den = (Room.objects.get(slug=slug) for slug in ("lobby", "den"))
    assert [outcome["room"] for outcome in outcomes] == ["lobby", "den", "lobby"]
    assert (outcomes[2]["seq"], outcomes[1]["seq"]) == (lobby.last_seq, den.last_seq)
    assert (lobby.message_count, den.message_count) == (2, 1)


def test_join(watch: Watching, charlie: User) -> None:
    watch("lobby").verify(lambda: members.join(charlie, "lobby"), "member.joined")
    watch("lobby").verify(lambda: members.join(charlie, "lobby"))


def test_leave(watch: Watching, bob: User) -> None:
    watch("lobby").verify(lambda: members.leave(bob, "lobby"), "member.left")
    with pytest.raises(Forbidden):
        members.leave(bob, "lobby")


def test_report_of_an_app(watch: Watching, alice: User, den: Room) -> None:
    def report() -> Any:
        with transaction.atomic(), writing_in_transaction([den.pk]) as logs:
            room = logs.rooms[den.pk]
            attached = [
                files.attach(room, alice, "plot.svg", "image/svg+xml", ContentFile(b"<svg/>"))
            ]
            return report_in_transaction(logs, room, alice, "Done.", "job", uuid.uuid4(), attached)

    row = watch("den").verify(report, "message.created")
    assert row.attachments.get().name == "plot.svg"


def test_read(watch: Watching, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing durable; what is whispered says where the reader is now."""
    said = [messages.post_message(messages.Post(alice, "lobby", text)) for text in "abc"]
    heard = []
    monkeypatch.setattr(bell, "whisper", lambda room, key, event: heard.append(event))
    monkeypatch.setattr(bell, "read_state", lambda *note: heard.append(note))
    lobby = watch("lobby")
    before = lobby.state(bob)
    assert before is not None and before["page"]["room"]["unread"] == 3
    reading.mark_read(bob, "lobby", cast(int, said[1]["seq"]))
    (user, state), event = heard
    assert (user, state.slug) == (bob.pk, "lobby")
    assert event == {
        "type": "read",
        "room": "lobby",
        "user": {"id": bob.pk, "name": bob.name},
        "seq": said[1]["seq"],
    }
    after = lobby.state(bob)
    unread = {"type": "unread", "room": "lobby", "unread": len(said) - state.read_count}
    lobby.store.verify(before, [event, unread], after)
    assert after is not None
    assert (after["page"]["room"]["read_seq"], unread["unread"]) == (event["seq"], 1)
    reading.mark_read(bob, "lobby", cast(int, said[1]["seq"]))
    reading.mark_read(bob, "lobby", cast(int, said[0]["seq"]))
    assert len(heard) == 2, "reading what has been read tells nobody"


def test_change_room(watch: Watching, lobby: Room) -> None:
    wanted = {"name": "The lobby", "topic": "Everything", "archived": True}
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted), "room.changed")
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted))
    wanted = {"topic": "", "visibility": "private", "archived": False}
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted), "room.changed")
    with pytest.raises(Invalid):
        watch("lobby").verify(lambda: changes.change_room(lobby.pk, {"name": ""}))


def test_change_members(watch: Watching, charlie: User, den: Room) -> None:
    den_watch = watch("den")
    den_watch.verify(lambda: management.add_member(den.pk, charlie, "moderator"), "member.joined")
    den_watch.verify(lambda: management.add_member(den.pk, charlie, "member"))
    den_watch.verify(lambda: management.change_role(den.pk, charlie, "owner"), "member.changed")
    den_watch.verify(lambda: management.change_role(den.pk, charlie, "owner"))
    with pytest.raises(Invalid):
        management.change_role(den.pk, charlie, "king")
    den_watch.verify(lambda: management.remove_member(den.pk, charlie), "member.left")
    den_watch.verify(lambda: management.remove_member(den.pk, charlie))
    den_watch.verify(lambda: management.change_role(den.pk, charlie, "owner"))


def test_create_room(caller: Callers, alice: User, charlie: User) -> None:
    room = room_actions.create_room(alice, "plans", "Plans", "2027", Room.Visibility.PRIVATE)
    assert room.last_seq == Event.objects.get(room=room).seq == 1
    with pytest.raises(Conflict):
        room_actions.create_room(charlie, "plans", "Mine")
    assert Membership.objects.filter(room=room).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "No"},
        {"slug": "no\n"},
        {"slug": ""},
        {"slug": "n" * 65},
        {"name": ""},
        {"name": "n" * 81},
        {"topic": "t" * 251},
        {"visibility": "secret"},
    ],
)
def test_a_room_that_no_column_takes_is_refused(alice: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        room_actions.create_room(alice, **{"slug": "s", "name": "n", **wrong})
    assert {error["pointer"] for error in refusal.value.errors} == {f"/{next(iter(wrong))}"}
    assert not Room.objects.exists()


def test_a_file_that_is_too_large_is_refused(alice: User, lobby: Room, settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"upload_bytes": 3})
    with pytest.raises(Invalid):
        files.attach(lobby, alice, "big", "text/plain", ContentFile(b"1234"))
    assert not Attachment.objects.exists()


def test_the_name_of_a_file_reaches_no_path(alice: User, lobby: Room) -> None:
    row = files.attach(lobby, alice, "../../etc/passwd", "text/plain", ContentFile(b"x"))
    assert row.file.name == f"attachments/{row.pk.hex[:2]}/{row.pk.hex}"


def test_a_message_outlives_its_author(alice: User, bob: User, lobby: Room) -> None:
    messages.post_message(messages.Post(bob, "lobby", "I was here"))
    bob.delete()
    assert Message.objects.get().author is None
