"""How many letters somebody can have sent to addresses that may not be theirs."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.test import Client

from rooms.limits import Limits
from rooms.models import User
from tests.integration.rooms.features.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = b"Too many e-mails"


def sign_up(email: str, username: str, address: str = "192.0.2.1") -> bytes:
    form = {"username": username, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    client = Client(REMOTE_ADDR=address)
    content: bytes = client.post("/accounts/signup/", form, follow=True).content
    return content


@pytest.fixture
def few(mail: None, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(letters_per_address=2, letters_per_hour=100)


@pytest.fixture
def few_in_all(mail: None, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(letters_per_address=2, letters_per_hour=3)


def test_an_address_gets_few_a_day_from_wherever_they_are_asked_for(few: None) -> None:
    spelled = ["victim@example.org", "Victim@Example.org", "victim+more@example.org"]
    answers = [sign_up(each, f"n{n}", f"192.0.2.{n}") for n, each in enumerate(spelled)]
    assert [REFUSED in each for each in answers] == [False, False, True]
    assert len(outbox.outbox) == 2
    assert not User.objects.filter(username="n2").exists(), "nobody could ever prove the address"
    assert REFUSED not in sign_up("other@example.org", "other")


def test_a_refusal_is_the_same_whether_there_is_an_account(few: None, verified: User) -> None:
    told = []
    for email, name in ((verified.email, "known"), ("nobody@example.org", "other")):
        answers = [sign_up(email, f"{name}{n}") for n in range(3)]
        told.append([(REFUSED in each, b"Look into your mail" in each) for each in answers])
    assert told[0] == told[1] == [(False, True), (False, True), (True, False)]


def test_the_site_sends_few_an_hour_whoever_they_go_to(few_in_all: None, verified: User) -> None:
    for n in range(3):
        assert REFUSED not in sign_up(f"a{n}@example.org", f"a{n}", f"192.0.2.{n}")
    assert REFUSED in sign_up(verified.email, "b")
    assert REFUSED in sign_up("c@example.org", "c")
    assert len(outbox.outbox) == 3


def test_what_the_site_refuses_is_not_counted_for_the_address(
    few_in_all: None, settings: Any
) -> None:
    for n in range(3):
        sign_up(f"a{n}@example.org", f"a{n}")
    for n in range(5):
        assert REFUSED in sign_up("victim@example.org", f"v{n}")
    settings.PARLEY_LIMITS = Limits(letters_per_address=2, letters_per_hour=100)
    assert REFUSED not in sign_up("victim@example.org", "victim")


def test_one_more_letter_by_a_log_in_counts_as_well(few: None) -> None:
    sign_up("victim@example.org", "dora")
    log_in = {"login": "dora", "password": PASSWORD}
    assert Client().post("/accounts/login/", log_in).status_code == 302
    assert len(outbox.outbox) == 2
    assert Client().post("/accounts/login/", log_in).status_code == 429
    assert len(outbox.outbox) == 2


def test_resets_of_the_owner_are_not_used_up_by_strangers(few: None, verified: User) -> None:
    for n in range(4):
        sign_up(verified.email, f"n{n}")
    outbox.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": verified.email})
    assert [letter.to for letter in outbox.outbox] == [[verified.email]]
    assert EmailAddress.objects.filter(email=verified.email).count() == 1
