"""NUL, which PostgreSQL takes in no text, comes to no database from an address or a cookie."""

import pytest
from django.conf import settings
from django.test import Client

from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)

# As Python reads a cookie in quotation marks.
ESCAPED = '"\\000abcdefghijkl"'


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice, settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/api/v1/rooms", "/nothing"])
def test_a_session_with_one_is_none(path: str, alice: User) -> None:
    header = f"{settings.SESSION_COOKIE_NAME}={ESCAPED}"
    answer = Client().get(path, headers={"cookie": header})
    assert answer.status_code in (200, 302, 401, 404)


def test_other_cookies_with_one_are_left_out(browser: Client, lobby: Room) -> None:
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    header = f"{settings.SESSION_COOKIE_NAME}={session}; last_room={ESCAPED}; csrftoken={ESCAPED}"
    answer = Client().get("/", headers={"cookie": header})
    assert (answer.status_code, answer["Location"]) == (302, "/rooms/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/attachments/6a1c8f0e-8f67-4f0e-9d11-2f1f6d1b7a01/a%00b"),
        ("get", "/rooms/lobby%00/"),
        ("get", "/accounts/invitation/a%00b/"),
        ("get", "/api/v1/rooms/a%00b"),
        ("post", "/api/v1/rooms/a%00b/decline"),
        ("post", "/api/v1/rooms/a%00b/join"),
        ("delete", "/api/v1/rooms/a%00b/bans/1"),
    ],
)
def test_nothing_is_at_such_an_address(method: str, path: str, browser: Client) -> None:
    assert getattr(browser, method)(path).status_code == 404


def test_a_parameter_with_one_has_a_blank_there(browser: Client, lobby: Room) -> None:
    page = browser.get("/rooms/?q=lobby%00")
    assert page.status_code == 200 and page.context["words"] == "lobby"
    assert browser.get("/rooms/?page=%%0000&%00=a").status_code == 200


def test_rest_says_which_parameter_it_is(browser: Client) -> None:
    assert browser.get("/api/v1/rooms?q=%00").status_code == 422
