"""API tokens: what ends them, what they may do, what their owner sees of them."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.core import credentials
from rooms.features.tokens.actions import create_token, revoke_token
from rooms.models import ApiToken, Room, User
from rooms.protocol import Conflict, Invalid
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "alice-password-1"


@pytest.fixture(autouse=True)
def _fresh_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


# What ends a token --------------------------------------------------------------------------------


def on_the_page(user: User) -> None:
    form = {"oldpassword": PASSWORD, "password1": "new-secret-77", "password2": "new-secret-77"}
    assert logged_in(user).post("/accounts/password/change/", form).status_code == 302


def in_the_admin(user: User) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    form = {"usable_password": "true", "password1": "new-secret-77", "password2": "new-secret-77"}
    assert logged_in(root).post(path, form).status_code == 302


def taken_away_in_the_admin(user: User) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    form = {"usable_password": "false", "unset-password": "x", "password1": "", "password2": ""}
    assert logged_in(root).post(path, form).status_code == 302


def by_the_command(user: User) -> None:
    user.set_password("new-secret-77")
    user.save(update_fields=["password"])


def in_the_database(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=make_password("new-secret-77"))


@pytest.mark.parametrize(
    "change",
    [on_the_page, in_the_admin, taken_away_in_the_admin, by_the_command, in_the_database],
)
def test_a_token_ends_with_the_password(alice: User, change: Callable[[User], None]) -> None:
    secret = create_token(alice, "bot", days=None)
    assert credentials.by_token(secret) is not None
    change(alice)
    assert not User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert credentials.by_token(secret) is None
    assert (
        Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/rooms").status_code
        == 401
    )


def test_a_stronger_hash_of_the_same_password_ends_no_token(alice: User, settings: Any) -> None:
    """As the first log-in after an upgrade of Django makes it."""
    secret = create_token(alice, "bot")
    caller = credentials.by_token(secret)
    before = alice.password
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert alice.check_password(PASSWORD)
    assert User.objects.get(pk=alice.pk).password != before
    assert credentials.by_token(secret) == caller
    assert caller is not None and credentials.withdrawn([caller]) == {}
    alice.set_password("new-secret-77")
    alice.save()
    assert credentials.by_token(secret) is None


def test_a_token_ends_at_its_time(alice: User) -> None:
    secret = create_token(alice, "bot", days=1)
    caller = credentials.by_token(secret)
    assert caller is not None
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert credentials.by_token(secret) is None
    assert credentials.withdrawn([caller]) == {caller: "The token has expired."}


def test_a_token_of_an_older_version_ends_with_the_next_password(alice: User) -> None:
    secret = ApiToken.new_secret()
    ApiToken.objects.create(user=alice, digest=ApiToken.digest_of(secret))
    assert credentials.by_token(secret) is not None
    by_the_command(alice)
    assert credentials.by_token(secret) is None


# What a token may do ------------------------------------------------------------------------------


def status(secret: str, method: str, path: str, body: Any = None) -> int:
    client = Client(headers={"authorization": f"Bearer {secret}"})
    answer = getattr(client, method)(f"/api/v1{path}", body, content_type="application/json")
    return int(answer.status_code)


def test_a_token_does_what_its_scopes_name(alice: User, lobby: Room) -> None:
    reading, writing = create_token(alice, "r", ["read"]), create_token(alice, "w", ["write"])
    jobs, admin = create_token(alice, "j", ["jobs"]), create_token(alice, "a", ["admin"])
    everything = create_token(alice, "all")
    job = {"kind": "room.report", "room": "lobby", "params": {"days": 1}}
    allowed = [
        ("get", "/rooms", None, reading, 200),
        ("post", "/rooms/lobby/messages", {"body": "hello"}, writing, 201),
        ("post", "/jobs", job, jobs, 202),
        ("patch", "/rooms/lobby", {"topic": "news"}, admin, 200),
    ]
    for method, path, body, right, answer in allowed:
        for secret in (reading, writing, jobs, admin):
            expected = answer if secret == right else 403
            assert status(secret, method, path, body) == expected, (method, path)
        assert status(everything, method, path, body) in (200, 201, 202)


def test_a_refusal_says_what_is_missing(alice: User, lobby: Room) -> None:
    secret = create_token(alice, "r", ["read"])
    client = Client(headers={"authorization": f"Bearer {secret}"})
    answer = client.post("/api/v1/rooms", {"name": "x"}, content_type="application/json")
    assert answer.json()["code"] == "forbidden"
    assert "'write'" in answer.json()["detail"]


def test_scopes_and_days_are_checked(alice: User) -> None:
    wrongs: list[dict[str, Any]] = [
        {"scopes": []},
        {"scopes": ["root"]},
        {"days": 0},
        {"days": 10**9},
    ]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            create_token(alice, "bot", **wrong)


def test_a_person_has_a_bounded_number_of_tokens(alice: User, bob: User, settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"tokens_per_person": 2})
    create_token(alice, "one")
    create_token(alice, "two")
    with pytest.raises(Conflict):
        create_token(alice, "three")
    create_token(bob, "one")
    revoke_token(alice, ApiToken.objects.filter(user=alice).first().pk)  # type: ignore[union-attr]
    create_token(alice, "three")
    ApiToken.objects.update(expires_at=timezone.now())
    create_token(alice, "four")


# What its owner sees ------------------------------------------------------------------------------


def test_the_use_of_a_token_is_written_down_aside_once_a_minute(
    alice: User, django_assert_num_queries: Any
) -> None:
    secret = create_token(alice, "bot")
    with django_assert_num_queries(2):
        credentials.by_token(secret, "192.0.2.1")
    row = until(lambda: ApiToken.objects.filter(used_from="192.0.2.1").first())
    credentials.by_token(secret, "192.0.2.2")
    assert row is not None and row.used_at is not None
    ApiToken.objects.update(used_at=row.used_at - timedelta(minutes=2))
    credentials.by_token(secret, "192.0.2.3")
    later = ApiToken.objects.filter(used_from="192.0.2.3", used_at__gt=row.used_at)
    until(later.all().exists)


def make(client: Client, **fields: Any) -> str:
    form = {"name": "bot", "lifetime": "30", "scopes": ["read", "jobs"], **fields}
    answer = client.post("/tokens/", form, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/")
    address = answer.redirect_chain[-1][0]
    return client.post(address, {"password": PASSWORD, "next": "/tokens/"}).content.decode()


def test_making_one_asks_for_the_password_and_shows_it_once(alice: User, bob: User) -> None:
    client = logged_in(alice)
    page = make(client)
    found = re.search(r"<code data-secret>(.*?)</code>", page)
    assert found is not None
    token = ApiToken.objects.get(user=alice)
    assert token.digest == ApiToken.digest_of(found[1])
    assert token.scopes == "read jobs"
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)
    assert found[1] not in client.get("/tokens/").content.decode()
    logged_in(bob).post(f"/tokens/{token.pk}/revoke/")
    assert ApiToken.objects.filter(pk=token.pk).exists()
    client.post(f"/tokens/{token.pk}/revoke/")
    assert not ApiToken.objects.filter(pk=token.pk).exists()


def test_a_wrong_password_makes_none(alice: User) -> None:
    client = logged_in(alice)
    client.post("/tokens/", {"name": "bot", "lifetime": "never", "scopes": ["read"]})
    client.post("/accounts/reauthenticate/?next=/tokens/", {"password": "wrong"})
    client.post("/tokens/", {"name": "bot", "lifetime": "never", "scopes": ["read"]})
    assert not ApiToken.objects.exists()


def test_one_for_ever_is_a_choice(alice: User) -> None:
    make(logged_in(alice), lifetime="never")
    assert ApiToken.objects.get().expires_at is None


def test_the_page_says_what_each_token_is(alice: User) -> None:
    create_token(alice, "old", days=1)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(days=1))
    create_token(alice, "new", ["read"])
    ApiToken.objects.filter(name="new").update(used_at=timezone.now(), used_from="192.0.2.7")
    page = logged_in(alice).get("/tokens/").content.decode()
    assert "The token has expired." in page
    assert "from 192.0.2.7" in page


def test_the_command_prints_one(alice: User) -> None:
    def printed(*arguments: str) -> str:
        out = StringIO()
        call_command("token", "alice", *arguments, stdout=out)
        return out.getvalue().strip()

    caller = credentials.by_token(printed())
    assert caller is not None and caller.scopes == {"read", "write", "jobs", "admin"}
    caller = credentials.by_token(printed("--scopes", "read,jobs", "--days", "never"))
    assert caller is not None and caller.scopes == {"read", "jobs"}
    for wrong in (["--scopes", "root"], ["--days", "soon"], ["--days", "0"]):
        with pytest.raises(CommandError):
            printed(*wrong)
