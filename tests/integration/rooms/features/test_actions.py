"""Every action: the state from before, with the events applied, is the state after it.

A client holds a room as REST showed it and applies what it hears. If that ever differs from what
REST shows then, an event says too little or an action tells nobody.
"""

import copy
import uuid

import orjson
import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from rooms.core import bell, log
from rooms.core.log import writing_in_transaction
from rooms.features.files import actions as files
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.messages.reports import report_in_transaction
from rooms.features.reading import actions as reading
from rooms.features.rooms import actions as room_actions
from rooms.features.rooms import changes
from rooms.models import Attachment, Event, Membership, Message, Room
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db(transaction=True)


def applied(state, event, viewer):
    """What a client of `viewer` makes of one durable event."""
    room, members, messages = state["room"], state["members"], state["messages"]
    assert event["room"] == room["slug"]
    assert event["seq"] == room["seq"] + 1, "the log has a hole"
    room["seq"], room["active_at"] = event["seq"], event["at"]
    match event["type"]:
        case "message.created":
            said = event["message"]
            messages.append(said)
            if room["role"] and said["author"]["id"] == viewer.pk and said["kind"] == "text":
                # Whoever speaks has read what stands above.
                room.update(read_seq=event["seq"], unread=0)
            elif room["role"]:
                room["unread"] += 1
        case "member.joined":
            members.append(event["member"])
            room["members"] += 1
            if event["member"]["user"]["id"] == viewer.pk:
                room.update(role=event["member"]["role"], read_seq=event["seq"] - 1, unread=0)
        case "member.left":
            gone = event["member"]["user"]["id"]
            members[:] = [member for member in members if member["user"]["id"] != gone]
            room["members"] -= 1
            if gone == viewer.pk:
                room.update(role=None, read_seq=None, unread=0)
        case "member.changed":
            changed = event["member"]
            members[:] = [
                changed if member["user"]["id"] == changed["user"]["id"] else member
                for member in members
            ]
            if changed["user"]["id"] == viewer.pk:
                room["role"] = changed["role"]
        case "room.changed":
            room.update(event["changed"])
        case "job.changed":
            pass
        case other:
            raise AssertionError(f"no client knows {other}")


class Watch:
    """Runs actions on a room under the eyes of several people."""

    def __init__(self, caller, slug, viewers):
        self.slug = slug
        self.callers = {viewer: caller(viewer) for viewer in viewers}

    def state(self, viewer):
        api = self.callers[viewer]
        answer = api.get(f"rooms/{self.slug}")
        if answer.status_code == 404:
            return None
        members = api.get(f"rooms/{self.slug}/members", limit=200).data
        messages = api.get(f"rooms/{self.slug}/messages", limit=200).data
        assert members["next"] is messages["next"] is None
        return {
            "room": answer.data,
            "members": members["members"],
            "messages": messages["messages"],
        }

    def verify(self, action, *expected):
        """Run `action`; its events must be of the `expected` types and tell everything."""
        room = Room.objects.get(slug=self.slug)
        before = {viewer: self.state(viewer) for viewer in self.callers}
        result = action()
        events = [orjson.loads(raw) for _, raw in log.read(room.pk, room.slug, room.last_seq, 1000)]
        assert [event["type"] for event in events] == list(expected)
        for viewer, state in before.items():
            after = self.state(viewer)
            if state is None or after is None:
                continue  # they may not see it, before or after
            state = copy.deepcopy(state)
            for event in events:
                applied(state, event, viewer)
            assert state == after
        return result


@pytest.fixture
def watch(caller, alice, bob, charlie, lobby, den):
    return lambda slug: Watch(caller, slug, [alice, bob, charlie])


def test_post(watch, alice):
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


def test_post_of_a_newcomer(watch, charlie):
    watch("lobby").verify(
        lambda: messages.post_message(messages.Post(charlie, "lobby", "Hello")),
        "member.joined",
        "message.created",
    )


def test_the_same_post_again(watch, alice):
    post = messages.Post(alice, "lobby", "Hello", uuid.uuid4())
    first = messages.post_message(post)
    assert watch("lobby").verify(lambda: messages.post_message(post)) == first


def test_a_batch_fails_post_by_post(watch, alice, bob, charlie):
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


def test_a_batch_of_several_rooms(watch, alice):
    posts = [messages.Post(alice, slug, "Hi") for slug in ("lobby", "den", "lobby")]
    outcomes = watch("den").verify(lambda: messages.post_messages(posts), "message.created")
    lobby, den = (Room.objects.get(slug=slug) for slug in ("lobby", "den"))
    assert [outcome["room"] for outcome in outcomes] == ["lobby", "den", "lobby"]
    assert (outcomes[2]["seq"], outcomes[1]["seq"]) == (lobby.last_seq, den.last_seq)
    assert (lobby.message_count, den.message_count) == (2, 1)


def test_join(watch, charlie):
    watch("lobby").verify(lambda: members.join(charlie, "lobby"), "member.joined")
    watch("lobby").verify(lambda: members.join(charlie, "lobby"))


def test_leave(watch, bob):
    watch("lobby").verify(lambda: members.leave(bob, "lobby"), "member.left")
    with pytest.raises(Forbidden):
        members.leave(bob, "lobby")


def test_report_of_a_job(watch, alice, den):
    def report():
        with transaction.atomic(), writing_in_transaction([den.pk]) as logs:
            room = logs.rooms[den.pk]
            attached = [
                files.attach(room, alice, "plot.svg", "image/svg+xml", ContentFile(b"<svg/>"))
            ]
            logs.append(room, "job.changed", {"job": {"id": "x", "state": "succeeded"}})
            return report_in_transaction(logs, room, alice, "Done.", "job", uuid.uuid4(), attached)

    row = watch("den").verify(report, "job.changed", "message.created")
    assert row.attachments.get().name == "plot.svg"


def test_read(watch, alice, bob, monkeypatch):
    """Nothing durable; what is whispered says where the reader is now."""
    said = [messages.post_message(messages.Post(alice, "lobby", text)) for text in "abc"]
    heard = []
    monkeypatch.setattr(bell, "whisper", lambda room, key, event: heard.append(event))
    monkeypatch.setattr(bell, "watch", lambda *note: heard.append(note))
    lobby = watch("lobby")
    before = lobby.state(bob)
    reading.mark_read(bob, "lobby", said[1]["seq"])
    (user, _, slug, read_count, *_), event = heard
    assert (user, slug) == (bob.pk, "lobby")
    assert event == {
        "type": "read",
        "room": "lobby",
        "user": {"id": bob.pk, "name": bob.name},
        "seq": said[1]["seq"],
    }
    before["room"].update(read_seq=event["seq"], unread=len(before["messages"]) - read_count)
    assert before == lobby.state(bob)
    reading.mark_read(bob, "lobby", said[1]["seq"])
    reading.mark_read(bob, "lobby", said[0]["seq"])
    assert len(heard) == 2, "reading what has been read tells nobody"


def test_change_room(watch, lobby):
    wanted = {"name": "The lobby", "topic": "Everything", "archived": True}
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted), "room.changed")
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted))
    wanted = {"topic": "", "visibility": "private", "archived": False}
    watch("lobby").verify(lambda: changes.change_room(lobby.pk, wanted), "room.changed")
    with pytest.raises(Invalid):
        watch("lobby").verify(lambda: changes.change_room(lobby.pk, {"name": ""}))


def test_change_members(watch, charlie, den):
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


def test_create_room(caller, alice, charlie):
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
def test_a_room_that_no_column_takes_is_refused(alice, wrong):
    with pytest.raises(Invalid) as refusal:
        room_actions.create_room(alice, **{"slug": "s", "name": "n", **wrong})
    assert {error["pointer"] for error in refusal.value.errors} == {f"/{next(iter(wrong))}"}
    assert not Room.objects.exists()


def test_a_file_that_is_too_large_is_refused(alice, lobby, settings):
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"upload_bytes": 3})
    with pytest.raises(Invalid):
        files.attach(lobby, alice, "big", "text/plain", ContentFile(b"1234"))
    assert not Attachment.objects.exists()


def test_the_name_of_a_file_reaches_no_path(alice, lobby):
    row = files.attach(lobby, alice, "../../etc/passwd", "text/plain", ContentFile(b"x"))
    assert row.file.name == f"attachments/{row.pk.hex[:2]}/{row.pk.hex}"


def test_a_message_outlives_its_author(alice, bob, lobby):
    messages.post_message(messages.Post(bob, "lobby", "I was here"))
    bob.delete()
    assert Message.objects.get().author is None
