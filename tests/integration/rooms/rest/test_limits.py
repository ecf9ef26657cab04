"""REST is called only so often: per person over all processes, per address without a log-in."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as live_settings
from django.test import Client

from rooms.models import Room, User
from rooms.rest import limits as rest_limits
from tests.support.caller import Answer, Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Buckets that other tests have used are full again."""
    client = redis.Redis.from_url(live_settings.REDIS_URL)
    for key in client.scan_iter(f"{rest_limits.prefix()}*"):
        client.delete(key)


@pytest.fixture
def few(settings: Any) -> None:
    """Five calls, and one more in a thousand seconds: no machine is so slow."""
    update = {"requests_per_second": 0.001, "requests_burst": 5}
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update=update)


@pytest.fixture
def no_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    rest_limits._script.cache_clear()
    monkeypatch.setattr(rest_limits, "_own", rest_limits.OwnBuckets())
    monkeypatch.setattr(rest_limits, "_away_until", 0.0)
    yield
    rest_limits._script.cache_clear()


def left(answer: Answer) -> int:
    [number] = re.findall(r'^"requests";r=(\d+);t=\d+$', answer["RateLimit"])
    assert answer["RateLimit-Policy"] == '"requests";q=5;w=5000'
    return int(number)


def test_a_call_too_many_is_told_when_to_come_again(
    few: None, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    alices = caller(alice)
    answers = [alices.get("rooms") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [left(answer) for answer in answers] == [4, 3, 2, 1, 0, 0, 0]
    refused = answers[-1]
    assert refused.data["code"] == "rate_limited" and refused.data["temporary"] is True
    assert 0 < int(refused["Retry-After"]) <= 1000
    assert caller(alice).get("rooms").status_code == 429, "the person's, not the token's"
    assert caller(bob).get("rooms").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "rooms"), ("post", "rooms/lobby/messages"), ("post", "jobs"), ("get", "invitations")],
)
def test_every_operation_is_counted(
    few: None, caller: Callers, alice: User, lobby: Room, method: str, path: str
) -> None:
    alices = caller(alice)
    answers = [alices.send(method, path, None if method == "get" else {}) for _ in range(6)]
    assert 429 not in [answer.status_code for answer in answers[:5]]
    assert answers[5].status_code == 429
    assert [left(answer) for answer in answers] == [4, 3, 2, 1, 0, 0]


def test_a_session_and_a_token_of_one_person_share(
    few: None, caller: Callers, alice: User, lobby: Room
) -> None:
    browser = Client()
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert [browser.get("/api/v1/rooms").status_code for _ in range(5)] == [200] * 5
    assert caller(alice).get("rooms").status_code == 429
    assert browser.get("/api/v1/rooms").status_code == 429


def test_calls_that_prove_nothing_are_counted_by_address(
    few: None, caller: Callers, alice: User, lobby: Room, settings: Any
) -> None:
    def ask(**headers: str) -> int:
        return Client(headers=headers).get("/api/v1/rooms").status_code

    wrong = {"authorization": "Bearer wrong"}
    assert [ask(**wrong) for _ in range(3)] + [ask() for _ in range(3)] == [401] * 5 + [429]
    assert caller(alice).get("rooms").status_code == 200, "a valid token is nobody's nuisance"
    assert ask(**wrong, **{"x-forwarded-for": "192.0.2.7"}) == 429, "said by the client"
    settings.TRUSTED_PROXIES = 1
    assert ask(**wrong, **{"x-forwarded-for": "192.0.2.7"}) == 401


def test_without_redis_a_process_counts_alone(
    few: None, no_redis: None, caller: Callers, alice: User, lobby: Room
) -> None:
    alices = caller(alice)
    answers = [alices.get("rooms") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [left(answer) for answer in answers] == [4, 3, 2, 1, 0, 0]


def test_calls_at_the_same_moment_are_counted_each(few: None) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(rest_limits.take("user:0").allowed))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(True) == 5


def test_a_bucket_fills_again(settings: Any) -> None:
    update = {"requests_per_second": 1000, "requests_burst": 2}
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update=update)
    taken = [rest_limits.take("user:0") for _ in range(200)]
    assert sum(each.allowed for each in taken) > 2


def test_a_clock_that_was_set_back_locks_nobody_out(few: None) -> None:
    client = redis.Redis.from_url(live_settings.REDIS_URL)
    client.set(f"{rest_limits.prefix()}user:0", "99999999999")
    assert rest_limits.take("user:0").allowed


def test_own_buckets_are_bounded() -> None:
    own = rest_limits.OwnBuckets()
    for number in range(rest_limits.MOST_LOCAL_BUCKETS + 10):
        own.take(str(number), 1, 1, 0.0)
    assert len(own._full_at) == rest_limits.MOST_LOCAL_BUCKETS
