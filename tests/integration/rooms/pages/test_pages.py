"""The pages: what they hold, who gets them, what their forms do."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post
from rooms.features.rooms import actions as room_actions
from rooms.models import Membership, Room, User
from rooms.pages import page_state

pytestmark = pytest.mark.django_db(transaction=True)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def state_of(html: str) -> Any:
    """The state that the page's modules start from."""
    found = re.search(r'<script id="state" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize(
    "path", ["/", "/rooms/", "/rooms/lobby/", "/rooms/lobby/state/", "/state/", "/tokens/"]
)
def test_strangers_are_sent_to_log_in(path: str, lobby: Room) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize(
    "path",
    ["/rooms/", "/rooms/lobby/", "/tokens/", "/accounts/email/", "/accounts/password/change/"],
)
def test_a_page_runs_no_script_but_its_own(path: str, alice: User, lobby: Room) -> None:
    answer = client_of(alice).get(path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    for tag in re.findall(r"<script[^>]*>", html):
        assert 'src="/static/' in tag or 'type="application/json"' in tag, tag
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)


def test_the_directory_finds_rooms_by_name_and_topic(alice: User, lobby: Room) -> None:
    room_actions.create_room(alice, "dock", "The dock", "where boats lie")
    client = client_of(alice)
    for words, found in (("boats", "dock"), ("dock the", "dock"), ("LOBBY", "lobby")):
        html = client.get("/rooms/", {"q": words}).content.decode()
        assert re.findall(r'data-room-card="([^"]+)"', html) == [found]
    assert client.get("/rooms/?q=%00&page=%00").status_code == 200


def test_home_is_the_room_that_was_open_last(alice: User, lobby: Room) -> None:
    client = client_of(alice)
    assert client.get("/")["Location"] == "/rooms/"
    client.get("/rooms/lobby/")
    assert client.get("/")["Location"] == "/rooms/lobby/"


def test_home_does_not_lead_into_a_room_that_is_closed_now(
    alice: User, charlie: User, den: Room
) -> None:
    client = client_of(charlie)
    client.cookies["last_room"] = "den"
    assert client.get("/")["Location"] == "/rooms/"


def test_a_room_s_page_holds_its_state(alice: User, bob: User, lobby: Room) -> None:
    for number in range(page_state.HISTORY_MESSAGES + 5):
        messages.post_message(Post(bob, "lobby", f"line {number}"))
    client = client_of(alice)
    state = state_of(client.get("/rooms/lobby/").content.decode())
    lobby.refresh_from_db()
    assert state["head"] == lobby.last_seq
    assert state["older"] is True
    assert [message["body"] for message in state["messages"]] == [
        f"line {number}" for number in range(5, page_state.HISTORY_MESSAGES + 5)
    ]
    assert {member["user"]["name"] for member in state["members"]} == {"Alice", "Bob"}
    assert state["room"]["unread"] == page_state.HISTORY_MESSAGES + 5
    assert state["first_unread"]["seq"] == lobby.last_seq - page_state.HISTORY_MESSAGES - 4
    assert state["rooms"][0]["slug"] == "lobby"
    assert "job" in {command["name"] for command in state["commands"]}
    again = client.get("/rooms/lobby/state/")
    assert again.json() | {"now": state["now"]} == state
    assert again["Cache-Control"] == "no-store"


def test_a_person_s_state_is_their_rooms(alice: User, charlie: User, lobby: Room) -> None:
    assert [room["slug"] for room in client_of(alice).get("/state/").json()["rooms"]] == ["lobby"]
    assert client_of(charlie).get("/state/").json()["rooms"] == []


def test_a_short_room_is_all_there_with_who_joined(alice: User, lobby: Room) -> None:
    messages.post_message(Post(alice, "lobby", "hello"))
    state = state_of(client_of(alice).get("/rooms/lobby/").content.decode())
    assert state["older"] is False
    assert [event["type"] for event in state["notices"]] == ["member.joined"] * 2


def test_the_state_cannot_end_its_script(alice: User, lobby: Room) -> None:
    messages.post_message(Post(alice, "lobby", "</script><script>alert(1)</script>"))
    html = client_of(alice).get("/rooms/lobby/").content.decode()
    assert "<script>alert" not in html
    assert state_of(html)["messages"][0]["body"] == "</script><script>alert(1)</script>"


def test_others_private_rooms_are_not_there(charlie: User, den: Room) -> None:
    client = client_of(charlie)
    for path in ("/rooms/den/", "/rooms/den/state/", "/rooms/no-such-room/"):
        assert client.get(path).status_code == 404
    assert client.post("/rooms/den/join/").status_code == 404
    assert "Den" not in client.get("/rooms/").content.decode()


def test_a_page_asks_the_database_as_often_for_many_as_for_few(
    alice: User, bob: User, lobby: Room, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        messages.post_message(Post(bob, "lobby", f"line {number}"))
        room_actions.create_room(alice, f"room-{number}", f"Room {number}")
    client = client_of(alice)
    with django_assert_max_num_queries(19):
        client.get("/rooms/lobby/")
    with django_assert_max_num_queries(8):
        client.get("/rooms/")


def test_the_directory_lists_finds_and_joins(charlie: User, lobby: Room) -> None:
    client = client_of(charlie)
    html = client.get("/rooms/").content.decode()
    assert 'data-room-card="lobby"' in html and "2</span> members" in html
    assert 'data-room-card="lobby"' not in client.get("/rooms/?q=zebra").content.decode()
    assert client.post("/rooms/lobby/join/")["Location"] == "/rooms/lobby/"
    assert Membership.objects.filter(room=lobby, user=charlie).exists()


def test_a_room_is_made_from_its_name(alice: User) -> None:
    client = client_of(alice)
    form = {"name": "Release 2.0!", "topic": "soon", "visibility": "private"}
    first = client.post("/rooms/", form)["Location"]
    assert re.fullmatch(r"/rooms/release-20-[0-9a-f]{8}/", first), "nobody finds it by trying"
    room = Room.objects.get()
    assert (room.name, room.topic, room.visibility) == ("Release 2.0!", "soon", "private")
    form["visibility"] = "public"
    assert client.post("/rooms/", form)["Location"] == "/rooms/release-20/"
    second = client.post("/rooms/", form)["Location"]
    assert re.fullmatch(r"/rooms/release-20-[0-9a-f]{6}/", second)
    assert re.fullmatch(
        r"/rooms/room(-[0-9a-f]{6})?/", client.post("/rooms/", form | {"name": "音楽"})["Location"]
    )


def test_a_room_without_a_name_is_not_made(alice: User) -> None:
    answer = client_of(alice).post("/rooms/", {"name": " ", "visibility": "public"})
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not Room.objects.exists()


def test_a_room_too_many_is_refused_beside_the_form(alice: User, settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"rooms_per_day": 1})
    alices = client_of(alice)
    form = {"name": "Plans", "topic": "", "visibility": "private"}
    assert alices.post("/rooms/", form).status_code == 302
    again = alices.post("/rooms/", form)
    assert (again.status_code, Room.objects.count()) == (200, 1)
    assert "more than 1 rooms a day" in again.content.decode()


def test_nothing_in_a_question_is_a_fault(alice: User, lobby: Room) -> None:
    for question in ("q=%00", "page=99999999999999999999", "page=-1", "page=%00", "q=%ED%A0%80"):
        assert client_of(alice).get(f"/rooms/?{question}").status_code == 200, question
    assert client_of(alice).post("/tokens/99999999999999999999/revoke/").status_code in (302, 404)


def test_accounts_are_made_and_left(db: None) -> None:
    client = Client()
    form = {
        "username": "dora",
        "email": "dora@example.com",
        "password1": "a-long-password-1",
        "password2": "a-long-password-1",
    }
    assert client.post("/accounts/signup/", form).status_code == 302
    assert client.get("/rooms/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/rooms/").status_code == 302
    login = {"login": "dora@example.com", "password": "a-long-password-1"}
    assert client.post("/accounts/login/", login)["Location"] == "/"


@pytest.mark.parametrize("path", ["/rooms/nowhere/", "/nowhere"])
def test_what_is_not_there_is_said_with_a_way_back(alice: User, lobby: Room, path: str) -> None:
    for client, shell in ((client_of(alice), True), (Client(), False)):
        answer = client.get(path, follow=True)
        if answer.status_code == 200:
            # A stranger is asked to log in first.
            assert answer.redirect_chain and not shell
            continue
        html = answer.content.decode()
        assert answer.status_code == 404
        assert ("data-rooms" in html) is shell
        assert "There is nothing" in html


def test_an_expired_form_is_told_from_what_is_not_allowed(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/rooms/", {"name": "x", "visibility": "public"})
    assert answer.status_code == 403
    assert "The form has expired" in answer.content.decode()


def test_a_page_says_what_each_role_may_do(alice: User, bob: User, lobby: Room) -> None:
    may = state_of(client_of(bob).get("/rooms/lobby/").content.decode())["may"]
    assert may["member"]["change"] is False
    assert may["member"]["invite"] == []
    nothing = {"remove": False, "ban": False, "mute": False}
    assert may["member"]["members"]["member"] == {"roles": [], **nothing}
    assert may["moderator"]["members"]["owner"]["remove"] is False
    assert may["moderator"]["members"]["moderator"]["remove"] is False
    assert may["moderator"]["members"]["member"] == {
        "roles": ["moderator"],
        "remove": True,
        "ban": True,
        "mute": True,
    }
    assert may["moderator"]["visibility"] == ["private"]
    assert may["owner"]["visibility"] == ["public", "private"]
    assert (may["member"]["invitations"], may["moderator"]["invitations"]) == (False, True)
    assert may["owner"]["members"]["member"] == {
        "roles": ["moderator", "owner"],
        "remove": True,
        "ban": True,
        "mute": True,
    }
    assert may["owner"]["invite"] == ["member", "moderator", "owner"]


def test_the_directory_opens_the_form_when_a_new_room_is_wanted(alice: User) -> None:
    client = client_of(alice)
    assert '<details class="create" open>' in client.get("/rooms/?new=room").content.decode()
    assert '<details class="create" >' in client.get("/rooms/").content.decode()
