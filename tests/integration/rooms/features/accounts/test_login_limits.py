"""Guessing is slow, and nobody can keep somebody else from logging in."""

from typing import Any

import pytest
from django.test import Client

from rooms.features.accounts import login_limits
from rooms.models import User

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "alice-password-1"


@pytest.fixture(autouse=True)
def proxied(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1


def log_in(address: str, login: str, password: str, client: Client | None = None) -> bool:
    """Whether it worked."""
    client = client or Client()
    form = {"login": login, "password": password}
    answer = client.post("/accounts/login/", form, headers={"x-forwarded-for": address})
    if answer.status_code == 302:
        return True
    assert answer.status_code == 200
    return False


def is_limited(address: str, login: str, client: Client | None = None) -> bool:
    form = {"login": login, "password": "wrong"}
    answer = (client or Client()).post(
        "/accounts/login/", form, headers={"x-forwarded-for": address}
    )
    return b"Too many attempts" in answer.content


def test_one_address_guesses_slowly_and_others_are_not_bound_by_it(alice: User) -> None:
    for number in range(10):
        log_in("203.0.113.9", f"nobody-{number}", "wrong")
    assert is_limited("203.0.113.9", "nobody-11")
    assert not log_in("203.0.113.9", "alice", PASSWORD)
    assert log_in("198.51.100.7", "alice", PASSWORD)


def test_what_a_client_writes_into_the_header_moves_it_nowhere(alice: User) -> None:
    for number in range(10):
        log_in(f"192.0.2.{number}, 203.0.113.9", f"nobody-{number}", "wrong")
    assert is_limited("192.0.2.77, 203.0.113.9", "nobody-11")


@pytest.mark.parametrize("spellings", [["alice"], ["alice", "ALICE", "Alice", "alice@example.com"]])
def test_one_account_from_one_address(alice: User, spellings: list[str]) -> None:
    for number in range(5):
        assert not log_in("203.0.113.9", spellings[number % len(spellings)], "wrong")
    assert all(is_limited("203.0.113.9", spelling) for spelling in spellings)
    assert log_in("198.51.100.7", "alice", PASSWORD)


def test_success_uses_nothing_up(alice: User) -> None:
    for _ in range(12):
        assert log_in("203.0.113.9", "alice", PASSWORD)


@pytest.fixture
def few_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(login_limits.RATES, "failed_from_elsewhere", "6/h/key")


def test_guessing_from_many_addresses_locks_no_known_device_out(
    alice: User, few_from_elsewhere: None
) -> None:
    known = Client()
    assert log_in("198.51.100.7", "alice", PASSWORD, known)
    known.post("/accounts/logout/")
    for number in range(6):
        assert not log_in(f"203.0.113.{number}", "alice", "wrong")
    assert is_limited("203.0.113.99", "alice"), "guessing is at its end, from any address"
    assert log_in("192.0.2.200", "alice", PASSWORD, known), "wherever the device is now"


def test_a_device_that_is_known_to_one_account_is_known_to_no_other(
    alice: User, bob: User, few_from_elsewhere: None
) -> None:
    bobs = Client()
    assert log_in("198.51.100.7", "bob", "bob-password-1", bobs)
    bobs.post("/accounts/logout/")
    for number in range(6):
        assert not log_in(f"203.0.113.{number}", "alice", "wrong", bobs)
    assert is_limited("203.0.113.99", "alice", bobs)
    bobs.cookies[login_limits.COOKIE] = "made-up"
    assert is_limited("203.0.113.99", "alice", bobs)


def test_a_stolen_device_cookie_guesses_no_faster(alice: User) -> None:
    known = Client()
    assert log_in("198.51.100.7", "alice", PASSWORD, known)
    known.post("/accounts/logout/")
    for number in range(5):
        assert not log_in(f"203.0.113.{number}", "alice", "wrong", known)
    assert is_limited("203.0.113.99", "alice", known)


def test_the_limits_are_one_for_all_processes(alice: User) -> None:
    """They are rows: what another process counted counts here."""
    from rooms.models import CacheEntry

    log_in("203.0.113.9", "alice", "wrong")
    assert CacheEntry.objects.filter(cache_key__contains="failed_from_here").exists()


def test_the_admin_has_no_other_way_in(alice: User) -> None:
    form = {"username": "alice", "password": PASSWORD}
    answer = Client().post("/admin/login/?next=/admin/", form)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
