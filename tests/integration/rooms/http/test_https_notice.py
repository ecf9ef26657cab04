"""A site set up for plain HTTP behind a proxy that speaks HTTPS says so, once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_started
from django.test import Client

from rooms.http import https_notice


@pytest.fixture
def watching() -> Iterator[None]:
    https_notice.watch()
    yield
    request_started.disconnect(dispatch_uid=https_notice.__name__)


def warnings(caplog: pytest.LogCaptureFixture) -> int:
    return sum("HTTPS is off here" in message for message in caplog.messages)


def test_it_is_said_once(client: Client, watching: None, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/healthz")
    client.get("/healthz", headers={"X-Forwarded-Proto": "http"})
    assert warnings(caplog) == 0
    for _ in range(3):
        client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert warnings(caplog) == 1


@pytest.mark.parametrize(
    ("value", "secure"), [(b"https", True), (b"HTTPS, http", True), (b"http", False), (b"", False)]
)
def test_what_an_asgi_server_hands_over(value: bytes, secure: bool) -> None:
    scope = {"headers": [(b"host", b"x"), (b"x-forwarded-proto", value)]}
    assert https_notice.comes_over_https(scope, {}) is secure


def test_nothing_is_watched_where_https_is_on(
    settings: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    request_started.disconnect(dispatch_uid=https_notice.__name__)
    settings.SECURE_SSL_REDIRECT = True
    https_notice.watch()
    client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert warnings(caplog) == 0
