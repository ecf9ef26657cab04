"""E-mail addresses: what they are good for, where letters lead, what a site without mail says."""

import re
import smtplib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from rooms.models import User
from tests.integration.rooms.features.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD, "first_name": "Dora M."}


def link(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    assert found is not None
    return found[0]


def sign_up(email: str, username: str = "dora", **headers: str) -> Any:
    form = FORM | {"email": email, "username": username}
    return Client().post("/accounts/signup/", form, follow=True, headers=headers)


def log_in(login: str, password: str = PASSWORD) -> bool:
    answer = Client().post("/accounts/login/", {"login": login, "password": password})
    return answer.status_code == 302 and answer["Location"] == "/"


# A site that sends e-mail -------------------------------------------------------------------------


def test_who_signs_up_proves_the_address_first(mail: None) -> None:
    assert b"Look into your mail" in sign_up("dora@example.org").content
    assert not log_in("dora")
    letter = outbox.outbox[0]
    assert letter.to == ["dora@example.org"]
    client = Client()
    path = link(str(letter.body)).removeprefix("http://testserver")
    assert b"dora@example.org" in client.get(path).content
    client.post(path)
    assert log_in("dora") and log_in("dora@example.org")
    assert User.objects.get(username="dora").name == "Dora M."


def test_an_address_that_is_taken_is_told_to_its_owner_alone(mail: None, verified: User) -> None:
    known, unknown = sign_up(verified.email), sign_up("new@example.org", "emil")
    assert known.redirect_chain == unknown.redirect_chain
    assert b"Look into your mail" in known.content
    assert not User.objects.filter(username="dora").exists()
    assert outbox.outbox[0].to == [verified.email]
    assert "already" in outbox.outbox[0].subject


def test_nobody_holds_an_address_that_they_have_not_proven(mail: None, alice: User) -> None:
    """Who took it before cannot keep its owner from it, and has nothing of it afterwards."""
    sign_up("victim@example.org", "thief")
    User.objects.filter(pk=alice.pk).update(last_login=timezone.now(), email="victim@example.org")
    EmailAddress.objects.create(user=alice, email="victim@example.org")
    outbox.outbox.clear()
    assert b"Look into your mail" in sign_up("victim@example.org", "victim").content
    assert not log_in("victim")
    assert "account victim" in outbox.outbox[0].body
    Client().post(link(str(outbox.outbox[0].body)).removeprefix("http://testserver"))
    assert log_in("victim") and not log_in("thief")
    assert not EmailAddress.objects.filter(user=alice).exists()
    assert not User.objects.exclude(username="victim").filter(email="victim@example.org").exists()
    outbox.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": "victim@example.org"})
    [letter] = outbox.outbox
    assert "account victim" in letter.body


def test_a_new_password_goes_to_verified_addresses_alone(mail: None, alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email})
    assert all("password/reset/key" not in letter.body for letter in outbox.outbox)
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True)
    Client().post("/accounts/password/reset/", {"email": alice.email.upper()})
    assert "password/reset/key" in outbox.outbox[-1].body


def test_a_new_password_ends_tokens_and_opens_the_account(mail: None, verified: User) -> None:
    from rooms.core import credentials
    from rooms.features.tokens.actions import create_token

    secret = create_token(verified, "planted")
    Client().post("/accounts/password/reset/", {"email": verified.email})
    client = Client()
    path = link(str(outbox.outbox[-1].body)).removeprefix("http://testserver")
    form = client.get(path, follow=True)
    client.post(
        form.redirect_chain[-1][0], {"password1": "another-77-one", "password2": "another-77-one"}
    )
    assert log_in("alice", "another-77-one")
    assert credentials.by_token(secret) is None


def test_accounts_that_were_there_before_are_not_locked_out(mail: None, alice: User) -> None:
    User.objects.create_user("made-by-admin", "x@example.org", PASSWORD)
    assert log_in("made-by-admin")
    EmailAddress.objects.create(user=alice, email=alice.email)
    assert not log_in("alice", "alice-password-1")
    User.objects.filter(pk=alice.pk).update(last_login="2026-01-01T00:00:00Z")
    assert log_in("alice", "alice-password-1")


def test_a_mail_server_that_is_away_is_said(
    mail: None, verified: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", away)
    answer = Client().post("/accounts/password/reset/", {"email": verified.email})
    assert answer.status_code == 503 and b"was not sent" in answer.content


@pytest.mark.parametrize(
    ("site_url", "secure", "host", "expected"),
    [
        ("", False, "localhost:6666", "http://localhost:8000/"),
        ("", False, "localhost", "http://localhost/"),
        ("", True, "localhost:6666", "https://localhost/"),
        ("https://chat.example.org", True, "localhost:6666", "https://chat.example.org/"),
    ],
)
def test_links_lead_to_this_site(
    mail: None,
    verified: User,
    settings: Any,
    site_url: str,
    secure: bool,
    host: str,
    expected: str,
) -> None:
    settings.SITE_URL, settings.SESSION_COOKIE_SECURE, settings.PORT = site_url, secure, 8000
    Client().post("/accounts/password/reset/", {"email": verified.email}, headers={"host": host})
    sign_up(verified.email, host=host)
    sign_up("new@example.org", "emil", host=host)
    assert len(outbox.outbox) == 3
    for letter in outbox.outbox:
        assert re.findall(r"https?://[^/\s]*/?", str(letter.body))[0] == expected
        assert "6666" not in f"{letter.body}{letter.subject}"


def test_another_address_asks_for_the_password(mail: None, verified: User) -> None:
    client = Client()
    client.force_login(verified, "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")


# A site that sends none ---------------------------------------------------------------------------


def test_without_mail_nothing_claims_that_it_was_sent(alice: User) -> None:
    assert b"E-mail (optional)" in Client().get("/accounts/signup/").content
    page = Client().get("/accounts/password/reset/").content
    assert b"sends no e-mail" in page and b'name="email"' not in page
    refused = Client().post("/accounts/password/reset/", {"email": alice.email})
    assert refused.status_code == 200
    client = Client()
    client.force_login(alice, "allauth.account.auth_backends.AuthenticationBackend")
    assert b"sends no e-mail" in client.get("/accounts/email/").content
    client.post("/accounts/reauthenticate/", {"password": "alice-password-1"})
    for action in ("action_add", "action_send"):
        form = {action: "", "email": "new@example.org"}
        assert b"was sent" not in client.post("/accounts/email/", form, follow=True).content
    assert EmailAddress.objects.filter(email="new@example.org", verified=False).exists()
    assert outbox.outbox == []


def test_without_mail_an_account_needs_no_address(db: None) -> None:
    client = Client()
    assert client.post("/accounts/signup/", FORM)["Location"] == "/"
    assert client.get("/rooms/").status_code == 200
    assert not EmailAddress.objects.exists()


def test_without_mail_sign_up_tells_nobody_whose_address_it_is(verified: User) -> None:
    form = FORM | {"email": verified.email}
    assert Client().post("/accounts/signup/", form)["Location"] == "/"
    assert log_in(verified.email, "alice-password-1"), "its owner is found by it, as before"
