"""Who may make an account."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.features.accounts import invitations
from rooms.models import AccountInvitation, User
from tests.integration.rooms.features.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up(client: Client, username: str = "dora") -> bool:
    form = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    return User.objects.filter(username=username).exists()


def followed(link: str) -> Client:
    client = Client()
    client.get(link.removeprefix("http://localhost:8000"))
    return client


@pytest.fixture
def by_invitation(settings: Any) -> None:
    settings.PARLEY_SIGNUP = "invite"
    settings.PORT = 8000


def test_open_to_all(db: None) -> None:
    assert b"Create an account" in Client().get("/accounts/login/").content
    assert sign_up(Client())


def test_by_domain(settings: Any, mail: None) -> None:
    settings.PARLEY_SIGNUP, settings.PARLEY_SIGNUP_DOMAINS = "domain", ["example.org"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PORT = 8000
    assert b"Create an account" in Client().get("/accounts/login/").content
    assert b"an address of example.org" in Client().get("/accounts/signup/").content

    def come(client: Client, username: str, email: str) -> bool:
        form = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
        client.post("/accounts/signup/", {**form, "email": email})
        return User.objects.filter(username=username).exists()

    for wrong in ("a@example.com", "a@x.example.org", "a@example.org.example.com", "example.org"):
        assert not come(Client(), "emil", wrong), wrong
    assert come(Client(), "dora", "dora@EXAMPLE.org")
    # Whoever is invited comes from anywhere, once.
    _, link = invitations.create(None)
    guest = followed(link)
    assert come(guest, "emil", "emil@elsewhere.example")
    assert AccountInvitation.objects.get().used_by is not None
    assert not come(followed(link), "fred", "fred@elsewhere.example")


def test_closed(settings: Any, db: None) -> None:
    settings.PARLEY_SIGNUP = "closed"
    assert b"Ask an administrator" in Client().get("/accounts/login/").content
    assert b"by an administrator" in Client().get("/accounts/signup/").content
    assert not sign_up(Client())
    with pytest.raises(CommandError, match="closed"):
        call_command("invite")


def test_an_invitation_is_used_once(by_invitation: None) -> None:
    assert not sign_up(Client())
    _, link = invitations.create(None)
    first, second = followed(link), followed(link)
    assert sign_up(first, "dora")
    assert not sign_up(second, "emil")
    assert not sign_up(followed(link), "emil")
    row = AccountInvitation.objects.get()
    assert row.used_by is not None and row.used_by.username == "dora"
    assert first.get("/rooms/").status_code == 200


def test_an_account_is_made_or_the_invitation_stays(by_invitation: None) -> None:
    _, link = invitations.create(None)
    client = followed(link)
    client.post("/accounts/signup/", {"username": "dora", "password1": "x", "password2": "y"})
    assert AccountInvitation.objects.get().used_at is None
    assert sign_up(client)


def test_two_at_the_same_moment(by_invitation: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have been let as far as the form; one account is made."""
    _, link = invitations.create(None)
    first, second = followed(link), followed(link)
    row = AccountInvitation.objects.get()
    assert sign_up(first, "dora")
    monkeypatch.setattr(invitations, "find", lambda secret: row)
    assert not sign_up(second, "emil")


def test_an_invitation_runs_out(by_invitation: None) -> None:
    _, link = invitations.create(None, days=1)
    AccountInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not sign_up(followed(link))
    assert Client().get("/accounts/invitation/made-up/")["Location"] == "/accounts/login/"


def test_the_command_prints_a_link(by_invitation: None) -> None:
    out = StringIO()
    call_command("invite", "dora@example.org", "--days", "3", stdout=out)
    assert sign_up(followed(out.getvalue().strip()))
    assert AccountInvitation.objects.get().email == "dora@example.org"


def test_the_admin_shows_a_link_once(by_invitation: None) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    client = Client()
    client.force_login(root, "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post(reverse("admin:rooms_accountinvitation_add"), {"email": "", "days": "2"})
    link = answer.content.decode().split("data-invitation>")[1].split("<")[0]
    assert link not in str(client.cookies)
    row = AccountInvitation.objects.get()
    assert row.created_by == root
    for path in ("changelist", "change"):
        arguments = [row.pk] if path == "change" else []
        page = client.get(reverse(f"admin:rooms_accountinvitation_{path}", args=arguments))
        assert page.status_code == 200 and link.rsplit("/", 2)[1] not in page.content.decode()
    assert sign_up(followed(link))


def test_the_rules_of_a_password_come_when_one_is_broken(db: None) -> None:
    page = Client().get("/accounts/signup/").content.decode()
    assert page.count("At least 8 characters") == 1 and "<ul" not in page
    form = {"username": "dora", "password1": "12345678", "password2": "12345678"}
    assert b"too common" in Client().post("/accounts/signup/", form).content
