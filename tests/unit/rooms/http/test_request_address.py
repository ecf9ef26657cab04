"""Whose address a request and a handshake come from, by the setting."""

from typing import Any

import pytest
from django.test import RequestFactory

from rooms.http import request_address
from rooms.http.request_address import of_request, of_scope


@pytest.mark.parametrize(
    ("proxies", "expected"), [(0, "10.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9")]
)
def test_both_ways_in_agree(settings: Any, proxies: int, expected: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    )
    scope = {
        "client": ["10.0.0.1", 4711],
        "headers": [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-for", b"198.51.100.7")],
    }
    assert of_request(request) == of_scope(scope) == expected


def test_a_unix_socket_has_no_address(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 0
    assert of_request(RequestFactory().get("/", REMOTE_ADDR="")) == ""
    assert of_scope({"client": None, "headers": []}) == ""


def test_a_proxy_that_nobody_has_named_is_said_once(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXIES = 0
    request_address._say_once.cache_clear()
    for _ in range(3):
        of_request(RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9"}))
    assert caplog.text.count("PARLEY_TRUSTED_PROXIES") == 1
