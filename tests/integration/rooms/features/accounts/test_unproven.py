"""Accounts that nobody proves go, and with them nothing that anybody has written or proven."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from rooms.core import housekeeping
from rooms.features.accounts import unproven
from rooms.features.messages import actions as messages
from rooms.features.tokens import actions as tokens
from rooms.models import User
from tests.integration.rooms.features.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def signed_up(username: str, days: float = 8, **fields: Any) -> User:
    user = User.objects.create_user(username, f"{username}@example.org", PASSWORD, **fields)
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=days))
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return user


def names() -> set[str]:
    return set(User.objects.values_list("username", flat=True))


def test_the_name_of_somebody_who_never_came_is_free_again(mail: None, lobby: Any) -> None:
    form = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}
    form["email"] = "somebody.elses@example.org"
    Client().post("/accounts/signup/", form)
    assert housekeeping.run()["unproven accounts"] == 0 and "dora" in names()
    User.objects.filter(username="dora").update(date_joined=timezone.now() - timedelta(days=8))
    assert housekeeping.run()["unproven accounts"] == 1
    assert names() == {"alice", "bob"} and not EmailAddress.objects.exists()
    Client().post("/accounts/signup/", form | {"email": "dora@example.org"})
    assert User.objects.get(username="dora").email == "dora@example.org"


def test_whoever_has_come_in_or_left_something_stays(mail: None, alice: User, lobby: Any) -> None:
    signed_up("goes")
    signed_up("young", days=6)
    signed_up("staff", is_staff=True)
    signed_up("blocked", is_active=False)
    proven = signed_up("proven")
    EmailAddress.objects.filter(user=proven).update(verified=True)
    signed_up("came")
    User.objects.filter(username="came").update(last_login=timezone.now())
    messages.post_message(messages.Post(signed_up("speaks"), "lobby", "Hello"))
    tokens.create_token(signed_up("program"), "test")
    added = User.objects.create_user("added")
    User.objects.filter(pk=added.pk).update(date_joined=timezone.now() - timedelta(days=99))
    before = names()
    assert unproven.remove() == 1
    assert before - names() == {"goes"}


@pytest.mark.parametrize(
    "changed",
    [
        {"SENDS_MAIL": False},
        {"ACCOUNT_EMAIL_VERIFICATION": "optional"},
        {"ACCOUNT_EMAIL_VERIFICATION": "none"},
        {"UNPROVEN_DAYS": 0},
    ],
)
def test_where_nobody_has_to_prove_anything_nobody_goes(
    mail: None, settings: Any, changed: dict[str, Any]
) -> None:
    signed_up("stays")
    for name, value in changed.items():
        setattr(settings, name, value)
    assert unproven.remove() == 0 and "stays" in names()


def test_a_link_that_is_followed_at_the_last_moment_holds(
    mail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = signed_up("dora")
    found = unproven.unproven()
    monkeypatch.setattr(unproven, "unproven", lambda: found.all())
    asked = found.order_by("pk").values_list("pk", flat=True)
    assert list(asked) == [dora.pk]
    EmailAddress.objects.update(verified=True)
    assert unproven.remove() == 0 and "dora" in names()
