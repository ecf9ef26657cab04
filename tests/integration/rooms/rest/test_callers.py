"""REST: who comes in, and how the others are told."""

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import resolve

from rooms.core import credentials
from rooms.features.tokens import actions as tokens
from rooms.models import ApiToken, Room, User
from rooms.rest import rooms as shown_rooms
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(alice: User) -> Client:
    """Alice, logged in, with CSRF as strict as in a browser."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer parley_\xff", "parley_x"],
)
def test_a_stranger_is_told_how_to_come_in(authorization: str | None, lobby: Room) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    for answer in (
        Client(headers=headers).get("/api/v1/rooms"),
        Client(headers=headers).post("/api/v1/rooms", "{", content_type="application/json"),
    ):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "not_logged_in"


def test_a_revoked_token_opens_nothing(alice: User, lobby: Room) -> None:
    headers = {"authorization": f"Bearer {tokens.create_token(alice, 'bot')}"}
    assert Client(headers=headers).get("/api/v1/rooms").status_code == 200
    tokens.revoke_token(alice, alice.api_tokens.get().pk)
    assert Client(headers=headers).get("/api/v1/rooms").status_code == 401


def test_a_token_of_somebody_who_is_blocked_opens_nothing(alice: User, lobby: Room) -> None:
    headers = {"authorization": f"Bearer {tokens.create_token(alice, 'bot')}"}
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert Client(headers=headers).get("/api/v1/rooms").status_code == 401


def test_a_wrong_token_is_not_mended_by_a_cookie(browser: Client, lobby: Room) -> None:
    answer = browser.get("/api/v1/rooms", headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_the_cookie_reads_and_with_csrf_writes(browser: Client, lobby: Room) -> None:
    assert browser.get("/api/v1/rooms").status_code == 200
    new = {"name": "Plans"}
    answer = browser.post("/api/v1/rooms", new, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "CSRF" in answer.json()["detail"]
    browser.get("/accounts/password/change/")
    token = browser.cookies["csrftoken"].value
    answer = browser.post(
        "/api/v1/rooms", new, content_type="application/json", headers={"x-csrftoken": token}
    )
    assert answer.status_code == 201


def test_a_token_needs_no_csrf(alice: User, lobby: Room) -> None:
    headers = {"authorization": f"Bearer {tokens.create_token(alice, 'bot')}"}
    client = Client(enforce_csrf_checks=True, headers=headers)
    answer = client.post("/api/v1/rooms", {"name": "Plans"}, content_type="application/json")
    assert answer.status_code == 201


def test_a_token_is_kept_as_a_digest_alone(alice: User) -> None:
    secret = tokens.create_token(alice, "bot")
    row = ApiToken.objects.get()
    assert secret not in str(ApiToken.objects.values().get())
    known = credentials.by_token(secret)
    assert known is not None and known.token_id == row.pk
    assert credentials.by_token(row.digest) is None


def test_headers_of_a_socket_prove_the_same(alice: User, browser: Client) -> None:
    secret = tokens.create_token(alice, "bot")
    session = browser.cookies["sessionid"].value
    cookie = f'theme=dark; sessionid={session}; other="x y"'
    by_token = credentials.of_headers({"authorization": f"Bearer {secret}"})
    by_cookie = credentials.of_headers({"cookie": cookie})
    assert by_token is not None and by_token.user == alice
    assert by_cookie is not None and by_cookie.session_key == session
    assert credentials.of_headers({"authorization": "Bearer wrong", "cookie": cookie}) is None
    assert credentials.of_headers({"cookie": "sessionid=nonsense"}) is None
    assert credentials.of_headers({"cookie": "\x00=;;=\xff"}) is None
    assert credentials.of_headers({}) is None


def test_a_session_ends_with_the_password(alice: User, browser: Client) -> None:
    cookie = {"cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    known = credentials.of_headers(cookie)
    assert known is not None and known.user == alice
    alice.set_password("something new")
    alice.save()
    assert credentials.of_headers(cookie) is None


def test_a_session_ends_with_log_out(browser: Client) -> None:
    cookie = {"cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    browser.logout()
    assert credentials.of_headers(cookie) is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nothing", 404),
        ("get", "/api/nothing", 404),
        ("get", "/api/v1/", 404),
        ("delete", "/api/v1/rooms", 405),
        ("put", "/api/v1/rooms/lobby", 405),
    ],
)
def test_what_django_refuses_is_a_problem_too(
    caller: Callers, alice: User, lobby: Room, method: str, path: str, status: int
) -> None:
    answer = getattr(caller(alice).client, method)(path)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert int(answer["Content-Length"]) == len(answer.content)
    if status == 405:
        assert "GET" in answer["Allow"]


def test_a_host_that_is_not_ours_gets_a_problem(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["parley.example"]
    answer = Client(headers={"host": "evil.example"}).get("/api/v1/rooms")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_fault_says_nothing_of_itself(
    caller: Callers, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(shown_rooms, "find_room", fail)
    answer = caller(alice).get("rooms/lobby")
    assert (answer.status_code, answer.data["code"]) == (500, "internal")
    assert answer["Content-Type"] == "application/problem+json"
    assert b"secret" not in answer.content


def test_a_fault_says_all_of_itself_while_developing(
    caller: Callers, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    alices = caller(alice)
    alices.get("rooms")
    settings.DEBUG = True

    def fail(*_: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(shown_rooms, "find_room", fail)
    answer = alices.get("rooms/lobby")
    assert answer.status_code == 500
    assert "the cause" in answer.data["traceback"]


def test_a_database_that_is_away_is_said_to_be_temporary(
    caller: Callers, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(shown_rooms, "find_room", fail)
    answer = caller(alice).get("rooms/lobby")
    assert (answer.status_code, answer.data["temporary"]) == (503, True)
    assert int(answer["Retry-After"]) >= 1


def test_pages_keep_their_own_errors() -> None:
    answer = Client().get("/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_the_api_page_has_its_script_from_here(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert re.search("/static/[0-9a-f]+/ninja/swagger-ui-bundle.js", page)
    assert "http://" not in page and "https://" not in page
    assert resolve("/api/v1/openapi.json")
