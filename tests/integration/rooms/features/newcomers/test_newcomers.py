"""Who is here for the first time, and the beginning of a site."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from rooms.features.members import actions as members
from rooms.features.newcomers import actions
from rooms.features.rooms import changes
from rooms.models import AccountInvitation, Ban, Event, Membership, Room, User
from rooms.protocol import Conflict, RateLimited
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def default(lobby: Room) -> Room:
    changes.change_room(lobby.pk, {"default": True})
    lobby.refresh_from_db()
    return lobby


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


def rooms_of(user: User) -> list[str]:
    return sorted(Membership.objects.filter(user=user).values_list("room__slug", flat=True))


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora", "dora@example.org", "horse-cart-77")


def test_a_newcomer_is_in_the_default_rooms(default: Room, alice: User, dora: User) -> None:
    Room.objects.create(slug="other", name="Other")
    archived = Room.objects.create(slug="old", name="Old", is_default=True)
    changes.change_room(archived.pk, {"archived": True})
    client = log_in(dora)
    assert rooms_of(dora) == ["lobby"]
    assert client.get("/")["Location"] == "/rooms/lobby/"
    joined = Event.objects.filter(room=default, type="member.joined").latest("seq")
    assert joined.payload["member"]["user"]["id"] == dora.pk


def test_once(default: Room, dora: User) -> None:
    log_in(dora)
    members.leave(dora, "lobby")
    client = log_in(dora)
    assert rooms_of(dora) == []
    assert client.get("/")["Location"] == "/rooms/"


def test_who_was_here_before_stays_where_they_are(default: Room, dora: User) -> None:
    User.objects.filter(pk=dora.pk).update(is_newcomer=False)
    log_in(dora)
    assert rooms_of(dora) == []


def test_who_is_banned_comes_in_elsewhere(default: Room, dora: User) -> None:
    Ban.objects.create(room=default, user=dora)
    Room.objects.create(slug="hall", name="Hall", is_default=True)
    assert log_in(dora).get("/")["Location"] == "/rooms/hall/"
    assert rooms_of(dora) == ["hall"]


def test_a_room_that_cannot_be_joined_keeps_nobody_out(
    default: Room, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise RateLimited("One thing after the other, please: try again.", 1)

    with monkeypatch.context() as patched:
        patched.setattr(actions, "add_member_in_transaction", busy)
        assert log_in(dora).get("/")["Location"] == "/rooms/"
    log_in(dora)
    assert rooms_of(dora) == ["lobby"]


def test_staff_say_which(caller: Callers, alice: User, bob: User, lobby: Room, den: Room) -> None:
    for person in (alice, bob):
        answer = caller(person).send("patch", "rooms/lobby", {"default": True})
        assert answer.status_code == 403, answer.data
    root = User.objects.create_superuser("root", "root@example.org", "x")
    answer = caller(root).send("patch", "rooms/lobby", {"default": True})
    assert (answer.status_code, answer.data["default"]) == (200, True)
    told = Event.objects.filter(room=lobby, type="room.changed").latest("seq")
    assert told.payload["changed"]["default"] is True
    # Of a room that they do not look after they change nothing else.
    refused = caller(root).send("patch", "rooms/lobby", {"default": False, "topic": "Mine"})
    assert refused.status_code == 403
    # The room's own people go on changing the rest of it.
    assert caller(alice).send("patch", "rooms/lobby", {"topic": "Ours"}).data["default"] is True
    assert caller(root).send("patch", f"rooms/{den.slug}", {"default": True}).status_code == 404
    members.join(root, "lobby")
    Membership.objects.create(room=den, user=root)
    assert caller(root).send("patch", f"rooms/{den.slug}", {"default": True}).status_code == 403


def test_a_closed_room_is_none(caller: Callers, default: Room, alice: User, dora: User) -> None:
    answer = caller(alice).send("patch", "rooms/lobby", {"visibility": "private"})
    assert (answer.status_code, answer.data["default"]) == (200, False)
    changes.change_room(default.pk, {"visibility": "public"})
    with pytest.raises(Conflict):
        changes.change_room(default.pk, {"visibility": "private", "default": True})
    log_in(dora)
    assert rooms_of(dora) == []


def test_there_are_not_too_many(lobby: Room) -> None:
    Room.objects.bulk_create(
        Room(slug=f"r{n}", name="R", is_default=True) for n in range(changes.MOST_DEFAULT_ROOMS)
    )
    with pytest.raises(Conflict):
        changes.change_room(lobby.pk, {"default": True})


# A new site ---------------------------------------------------------------------------------------


def begin(**options: Any) -> str:
    out = StringIO()
    call_command("setup", no_input=True, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def new_site(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PARLEY_SIGNUP = "invite"
    monkeypatch.setenv("PARLEY_SETUP_PASSWORD", "horse-cart-77")


def test_a_site_begins(new_site: None) -> None:
    said = begin(username="dora", name="Dora", room="The Hall")
    [room] = Room.objects.all()
    assert (room.slug, room.is_default, room.visibility) == ("the-hall", True, "public")
    dora = User.objects.get()
    assert (dora.name, dora.is_superuser, dora.check_password("horse-cart-77")) == (
        "Dora",
        True,
        True,
    )
    assert Membership.objects.get(user=dora).role == "owner"
    link = next(line.strip() for line in said.splitlines() if "/invitation/" in line)
    guest = Client()
    guest.get(link[link.index("/accounts/") :])
    form = {"username": "emil", "password1": "cart-horse-77", "password2": "cart-horse-77"}
    assert guest.post("/accounts/signup/", form)["Location"] == "/"
    assert guest.get("/")["Location"] == "/rooms/the-hall/"
    with pytest.raises(CommandError, match="dora"):
        begin(username="other")


@pytest.mark.parametrize(
    ("username", "password"), [("", "horse-cart-77"), ("a b", "horse-cart-77"), ("dora", "x")]
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    new_site: None, monkeypatch: pytest.MonkeyPatch, username: str, password: str
) -> None:
    monkeypatch.setenv("PARLEY_SETUP_PASSWORD", password)
    with pytest.raises(CommandError):
        begin(username=username)
    assert not User.objects.exists() and not Room.objects.exists()


def test_a_room_that_cannot_be_leaves_no_administrator(new_site: None) -> None:
    with pytest.raises(CommandError):
        begin(username="dora", room="x" * 200)
    assert not User.objects.exists() and not AccountInvitation.objects.exists()
