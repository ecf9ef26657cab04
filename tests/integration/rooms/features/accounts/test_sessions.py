"""Sessions: how long they last, and what sweeps them away."""

import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.core import credentials, housekeeping
from rooms.features.accounts.session_renewal import RENEWED
from rooms.features.tokens.actions import create_token
from rooms.models import AccountInvitation, ApiToken, CacheEntry, User

pytestmark = pytest.mark.django_db(transaction=True)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def writes(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/rooms/").status_code == 200
    return sum("django_session" in each["sql"] and each["sql"][0] in "UI" for each in queries)


def test_a_session_is_renewed_once_a_day(alice: User) -> None:
    client = logged_in(alice)
    assert client.get("/rooms/").status_code == 200
    assert writes(client) == 0
    session = client.session
    session[RENEWED] = int(time.time()) - 25 * 3600
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))
    assert writes(client) == 1
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=13)
    assert writes(client) == 0


def test_nobody_gets_a_session_by_looking(db: None) -> None:
    Client().get("/accounts/login/")
    Client().get("/healthz")
    assert not Session.objects.exists()


def test_housekeeping_takes_what_has_run_out_and_nothing_else(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH_ROWS", 2)
    clients = [logged_in(alice) for _ in range(7)]
    keep = clients[0].session.session_key
    past = timezone.now() - timedelta(days=40)
    Session.objects.exclude(session_key=keep).update(expire_date=past)
    cache.set("old", 1, 1000)
    CacheEntry.objects.update(expires=past)
    cache.set("new", 1, 1000)
    create_token(alice, "old")
    ApiToken.objects.update(expires_at=past)
    create_token(alice, "new")
    create_token(alice, "for ever", days=None)
    AccountInvitation.objects.create(digest="x", expires_at=past)
    AccountInvitation.objects.create(digest="y", expires_at=timezone.now())
    out = StringIO()
    call_command("housekeeping", stdout=out)
    assert "sessions: 6" in out.getvalue()
    assert [row.session_key for row in Session.objects.all()] == [keep]
    # And its own sign of life.
    kept = {row.cache_key.split(":")[-1] for row in CacheEntry.objects.all()}
    assert kept == {"new", "housekeeping"}
    assert {row.name for row in ApiToken.objects.all()} == {"new", "for ever"}
    assert [row.digest for row in AccountInvitation.objects.all()] == ["y"]


def test_a_duty_that_fails_keeps_no_other_from_its_work(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise RuntimeError("broken")

    monkeypatch.setitem(housekeeping._duties, "sessions", fail)
    others = set(housekeeping._duties) - {"sessions"}
    assert others and set(housekeeping.run()) == others


def test_another_secret_key_logs_nobody_out(alice: User, settings: Any) -> None:
    client = logged_in(alice)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [old]
    # A socket that comes back before any page does.
    assert credentials.by_session(client.session.session_key or "") is not None
    assert client.get("/rooms/").status_code == 200
    # Signed anew by then.
    settings.SECRET_KEY_FALLBACKS = []
    assert credentials.by_session(client.session.session_key or "") is not None
    assert client.get("/rooms/").status_code == 200
