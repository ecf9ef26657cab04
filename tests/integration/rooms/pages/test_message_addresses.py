"""The address of a message: where it leads, for whom, and what becomes of it."""

from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post
from rooms.features.messages.deletion import delete_message
from rooms.models import Room, User
from rooms.pages import page_state
from tests.integration.rooms.pages.test_pages import client_of, state_of
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)


def said(user: User, room: str, *bodies: str, reply_to: int | None = None) -> list[Any]:
    return [messages.post_message(Post(user, room, body, reply_to=reply_to)) for body in bodies]


def shown(user: User, address: str) -> Any:
    answer = client_of(user).get(address)
    assert answer.status_code == 200, address
    return state_of(answer.content.decode())["shown"]


def test_the_address_of_a_message_is_the_page_of_its_room(alice: User, lobby: Room) -> None:
    [told] = said(alice, "lobby", "hello")
    found = {"id": told["id"], "seq": told["seq"], "deleted": False, "around": None}
    assert shown(alice, f"/rooms/lobby/{told['id']}") == found
    client = client_of(alice)
    assert client.get(f"/rooms/lobby/state/?message={told['id']}").json()["shown"] == found
    assert client.get("/rooms/lobby/state/").json()["shown"] is None
    assert client.cookies["last_room"].value == "lobby"
    stranger = type(client)().get(f"/rooms/lobby/{told['id']}")
    assert stranger["Location"] == f"/accounts/login/?next=/rooms/lobby/{told['id']}"


def test_what_is_far_up_comes_with_what_stands_around_it(alice: User, lobby: Room) -> None:
    many = said(alice, "lobby", *(f"line {number}" for number in range(120)))
    beside = page_state.BESIDE_MESSAGES

    def around(number: int) -> tuple[list[str], bool]:
        found = shown(alice, f"/rooms/lobby/{many[number]['id']}")["around"]
        return [each["body"] for each in found["messages"]], found["older"]

    lines = [f"line {number}" for number in range(120)]
    assert around(50) == (lines[51 - beside : 51 + beside], True)
    assert around(beside) == (lines[1 : 2 * beside + 1], True)
    assert around(beside - 1) == (lines[: 2 * beside], False)
    assert around(0) == (lines[: beside + 1], False)
    assert around(69) == (lines[70 - beside : 70 + beside], True)
    assert shown(alice, f"/rooms/lobby/{many[70]['id']}")["around"] is None


def test_what_is_not_there_is_the_room_without_it(
    alice: User, bob: User, lobby: Room, den: Room
) -> None:
    [elsewhere], [gone, answered] = said(alice, "den", "secret"), said(alice, "lobby", "a", "b")
    said(bob, "lobby", "an answer", reply_to=answered["id"])
    for told in (gone, answered):
        delete_message(alice, "lobby", told["id"])
    for number in (elsewhere["id"], gone["id"], 0, 10**9, 2**63 - 1, 2**63, 10**30):
        nothing = {"id": number, "seq": None, "deleted": False, "around": None}
        assert shown(alice, f"/rooms/lobby/{number}") == nothing
    mark = {"id": answered["id"], "seq": answered["seq"], "deleted": True, "around": None}
    assert shown(alice, f"/rooms/lobby/{answered['id']}") == mark
    state = client_of(alice).get("/rooms/lobby/state/", {"message": "9" * 5000}).json()
    assert state["shown"]["seq"] is None
    for odd in ("", "-1", "x", "1.5", "٣", "\0"):
        answer = client_of(alice).get("/rooms/lobby/state/", {"message": odd})
        assert answer.status_code == 400 or answer.json()["shown"]["seq"] is None, odd
    assert client_of(alice).get(f"/rooms/lobby/{'9' * 5000}").status_code in (200, 404)


def test_a_room_that_one_may_not_see_is_one_that_is_not_there(
    alice: User, charlie: User, den: Room
) -> None:
    [told] = said(alice, "den", "secret")
    client = client_of(charlie)
    for number in (told["id"], 10**9):
        hidden = client.get(f"/rooms/den/{number}")
        missing = client.get(f"/rooms/nowhere/{number}")
        assert hidden.status_code == missing.status_code == 404
        assert b"secret" not in hidden.content
        state = client.get(f"/rooms/den/state/?message={number}")
        assert state.status_code == 404


def test_queries_do_not_grow_with_what_stands_around(alice: User, lobby: Room) -> None:
    many = said(alice, "lobby", *(f"line {number}" for number in range(130)))
    client = client_of(alice)
    counts = []
    for number in (5, 60):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/rooms/lobby/{many[number]['id']}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_one_message_over_rest(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    [told] = said(alice, "lobby", "hello")
    answer = caller(bob).get(f"rooms/lobby/messages/{told['id']}")
    assert (answer.status_code, answer.data) == (200, told)
    [secret] = said(alice, "den", "secret")
    assert caller(alice).get(f"rooms/lobby/messages/{secret['id']}").status_code == 404
    hidden = caller(charlie).get(f"rooms/den/messages/{secret['id']}")
    missing = caller(charlie).get(f"rooms/nowhere/messages/{secret['id']}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.data["detail"] == missing.data["detail"].replace("nowhere", "den")
    said(bob, "lobby", "an answer", reply_to=told["id"])
    delete_message(alice, "lobby", told["id"])
    left = caller(bob).get(f"rooms/lobby/messages/{told['id']}").data
    assert (left["body"], left["deleted"]["by"]["name"]) == ("", "Alice")
    assert cast(int, left["seq"]) == told["seq"]
