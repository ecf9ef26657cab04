"""What every page says about itself: who may keep it, and what it may run."""

from typing import Any

import pytest
from django.test import Client

from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(db: None) -> Client:
    user = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


PAGES = [
    "/",
    "/rooms/",
    "/rooms/lobby/",
    "/rooms/nothing/",
    "/state/",
    "/tokens/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/admin/",
    "/admin/rooms/message/",
    "/api/v1/rooms",
    "/api/v1/rooms/nothing",
    "/api/docs",
]


@pytest.mark.parametrize("path", PAGES)
def test_nobody_keeps_a_private_page(path: str, root: Client, lobby: Room) -> None:
    assert "no-store" in root.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_policy(path: str, root: Client, lobby: Room) -> None:
    policy = root.get(path)["Content-Security-Policy"]
    for part in ("object-src 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
    assert ("unsafe-eval" in policy) == path.startswith("/admin/")
    assert ("script-src" in policy) == path.startswith("/admin/")


def test_the_last_room_is_sent_over_https_alone(root: Client, lobby: Room, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    cookie = root.get("/rooms/lobby/").cookies["last_room"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
