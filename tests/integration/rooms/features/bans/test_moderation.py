"""Members and bans over REST: who may do what to whom, and what comes of it."""

from datetime import timedelta
from typing import cast

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from rooms.features.bans import actions as bans
from rooms.features.files import actions as files
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.rooms import changes
from rooms.models import Attachment, Ban, Event, Membership, Message, Room, User
from rooms.protocol import Forbidden, NotFound
from tests.support.caller import Answer, Caller, Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dora(db: None, lobby: Room) -> User:
    """A moderator of the lobby."""
    user = User.objects.create_user("dora", "dora@example.com", "dora-password-1")
    management.add_member(lobby.pk, user, "moderator")
    return user


@pytest.fixture
def erin(db: None, lobby: Room) -> User:
    """Another one."""
    user = User.objects.create_user("erin")
    management.add_member(lobby.pk, user, "moderator")
    return user


def send(caller: Caller, method: str, path: str, body: object = None) -> Answer:
    call = getattr(caller.client, method)
    kwargs = {} if body is None else {"data": body, "content_type": "application/json"}
    answer: Answer = call(f"/api/v1/{path}", headers=caller.headers, **kwargs)
    return answer


def types(room: Room) -> list[str]:
    return list(Event.objects.filter(room=room).order_by("seq").values_list("type", flat=True))


def test_a_role_that_there_is_not(caller: Callers, alice: User, den: Room) -> None:
    answer = send(caller(alice), "post", "rooms/den/members", {"user": "bob", "role": "king"})
    assert answer.status_code == 422


MATRIX = [
    ("alice", "patch", "bob", {"role": "moderator"}, 200),
    ("alice", "patch", "dora", {"role": "owner"}, 200),
    ("alice", "patch", "alice", {"role": "member"}, 403),
    ("alice", "delete", "alice", None, 204),
    ("alice", "delete", "bob", None, 204),
    ("alice", "patch", "charlie", {"role": "member"}, 404),
    ("alice", "delete", "charlie", None, 404),
    ("dora", "patch", "bob", {"role": "moderator"}, 200),
    ("dora", "patch", "dora", {"role": "member"}, 200),
    ("dora", "patch", "erin", {"role": "member"}, 403),
    ("dora", "delete", "erin", None, 403),
    ("alice", "patch", "erin", {"role": "member"}, 200),
    ("alice", "delete", "erin", None, 204),
    ("dora", "patch", "bob", {"role": "owner"}, 403),
    ("dora", "patch", "alice", {"role": "member"}, 403),
    ("dora", "delete", "alice", None, 403),
    ("dora", "delete", "bob", None, 204),
    ("dora", "delete", "dora", None, 204),
    ("bob", "patch", "dora", {"role": "member"}, 403),
    ("bob", "delete", "dora", None, 403),
    ("charlie", "delete", "bob", None, 403),
]


@pytest.mark.parametrize(("who", "method", "whom", "body", "status"), MATRIX)
def test_who_may_do_what_to_whom(
    caller: Callers,
    charlie: User,
    dora: User,
    erin: User,
    lobby: Room,
    who: str,
    method: str,
    whom: str,
    body: dict[str, str] | None,
    status: int,
) -> None:
    people = {user.username: user for user in User.objects.all()}
    before = list(Membership.objects.values_list("user", "role").order_by("pk"))
    path = f"rooms/lobby/members/{people[whom].pk}"
    answer = send(caller(people[who]), method, path, body)
    assert answer.status_code == status
    after = list(Membership.objects.values_list("user", "role").order_by("pk"))
    assert (before == after) is (status >= 400)


@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("alice", "bob", 201),
        ("alice", "charlie", 201),
        ("alice", "erin", 201),
        ("dora", "erin", 403),
        ("alice", "alice", 422),
        ("dora", "bob", 201),
        ("dora", "alice", 403),
        ("bob", "charlie", 403),
        ("charlie", "bob", 403),
    ],
)
def test_who_may_ban_whom(
    caller: Callers,
    charlie: User,
    dora: User,
    erin: User,
    lobby: Room,
    who: str,
    whom: str,
    status: int,
) -> None:
    user = User.objects.get(username=who)
    answer = send(caller(user), "post", "rooms/lobby/bans", {"user": whom})
    assert answer.status_code == status
    assert Ban.objects.exists() is (status == 201)


def test_a_ban_puts_out_and_keeps_out(caller: Callers, alice: User, bob: User, lobby: Room) -> None:
    new = {"user": bob.pk, "reason": "noise"}
    assert send(caller(alice), "post", "rooms/lobby/bans", new).status_code == 201
    assert types(lobby)[-1] == "member.left"
    assert not Membership.objects.filter(user=bob).exists()
    bobs = caller(bob)
    for answer in (
        bobs.get("rooms/lobby"),
        bobs.get("rooms/lobby/messages"),
        bobs.post("rooms/lobby/join"),
        bobs.post("rooms/lobby/messages", {"body": "Let me in"}),
    ):
        assert answer.status_code == 404
    assert bobs.get("rooms").data["rooms"] == []
    with pytest.raises(NotFound):
        members.join(bob, "lobby")
    again = send(caller(alice), "post", "rooms/lobby/members", {"user": "bob"})
    assert (again.status_code, Ban.objects.count()) == (409, 1)
    [ban] = caller(alice).get("rooms/lobby/bans").data["bans"]
    assert (ban["user"]["id"], ban["by"]["id"], ban["reason"]) == (bob.pk, alice.pk, "noise")
    assert caller(bob).get("rooms/lobby/bans").status_code == 404
    path = f"rooms/lobby/bans/{bob.pk}"
    assert send(caller(alice), "delete", path).status_code == 204
    assert send(caller(alice), "delete", path).status_code == 404
    assert bobs.post("rooms/lobby/join").status_code == 200


def test_a_ban_runs_out(caller: Callers, alice: User, bob: User, lobby: Room) -> None:
    past, soon = (timezone.now() + timedelta(hours=hours) for hours in (-1, 1))
    body = {"user": "bob", "until": past.isoformat()}
    assert send(caller(alice), "post", "rooms/lobby/bans", body).status_code == 422
    body["until"] = soon.isoformat()
    assert send(caller(alice), "post", "rooms/lobby/bans", body).status_code == 201
    assert caller(bob).get("rooms/lobby").status_code == 404
    Ban.objects.update(until=past)
    assert caller(bob).post("rooms/lobby/join").status_code == 200
    assert caller(alice).get("rooms/lobby/bans").data["bans"] == []


def test_the_last_owner_is_not_put_out_by_staff_either(alice: User, bob: User, lobby: Room) -> None:
    for act in (
        lambda: management.remove_member(lobby.pk, alice),
        lambda: bans.ban(lobby.pk, alice, bob, staff=True),
        lambda: management.change_role(lobby.pk, alice, "member"),
    ):
        with pytest.raises(Forbidden):
            act()
    assert Membership.objects.get(user=alice).role == "owner"
    assert not Ban.objects.exists()


def test_changes_what_is_given_and_nothing_else(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    answer = send(caller(alice), "patch", "rooms/lobby", {"topic": "Now"})
    assert (answer.status_code, answer.json()["topic"], answer.json()["name"]) == (
        200,
        "Now",
        "Lobby",
    )
    assert types(lobby)[-1] == "room.changed"
    before = types(lobby)
    assert send(caller(alice), "patch", "rooms/lobby", {}).status_code == 200
    assert types(lobby) == before
    for who, status in ((bob, 403), (charlie, 403)):
        answer = send(caller(who), "patch", "rooms/lobby", {"archived": True})
        assert answer.status_code == status
    assert send(caller(alice), "patch", "rooms/lobby", {"visibility": "direct"}).status_code == 422
    answer = send(caller(alice), "patch", "rooms/lobby", {"visibility": "private"})
    assert answer.json()["visibility"] == "private"
    assert caller(charlie).get("rooms/lobby").status_code == 404


def test_only_an_owner_makes_a_closed_room_public(
    caller: Callers, alice: User, dora: User, den: Room
) -> None:
    management.add_member(den.pk, dora, "moderator")
    public, private = {"visibility": "public"}, {"visibility": "private"}
    for who, change, status in (
        (dora, public, 403),
        (dora, {"visibility": "private", "topic": "Ours"}, 200),
        (alice, public, 200),
        (dora, private, 200),
    ):
        assert send(caller(who), "patch", "rooms/den", change).status_code == status


def test_a_room_between_two_stays_that(alice: User, den: Room) -> None:
    Room.objects.update(visibility="direct")
    with pytest.raises(Forbidden):
        changes.change_room(den.pk, {"visibility": "public"}, by=alice)


def test_a_deleted_room_takes_everything_with_it(
    alice: User,
    lobby: Room,
    den: Room,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = messages.post_message(messages.Post(alice, "lobby", "one"))
    messages.post_message(messages.Post(alice, "lobby", "two", reply_to=cast(int, first["id"])))
    messages.post_message(messages.Post(alice, "den", "stays"))
    kept = files.attach(lobby, alice, "a.txt", "text/plain", ContentFile(b"a")).file
    with transaction.atomic():
        changes.delete_room(lobby.pk)
        assert kept.name and kept.storage.exists(kept.name), "the transaction may still fail"
    assert not kept.storage.exists(kept.name)
    assert list(Room.objects.values_list("slug", flat=True)) == ["den"]
    assert [row.body for row in Message.objects.all()] == ["stays"]
    assert not Event.objects.exclude(room=den).exists()
    assert not Attachment.objects.exists()
    changes.delete_room(lobby.pk)
