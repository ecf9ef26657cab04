"""What the environment says of accounts, and what is assumed."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.env import Environment
from rooms.checks import site_address


@pytest.mark.parametrize(
    ("variables", "signup"),
    [
        ({}, "open"),
        ({"host": "127.0.0.5"}, "open"),
        ({"host": "0.0.0.0"}, "invite"),
        ({"host": "192.168.1.5", "https": False}, "invite"),
        # On loopback, and yet others come: through a proxy.
        ({"allowed_hosts": "chat.example.org"}, "invite"),
        ({"allowed_hosts": "localhost,*"}, "invite"),
        ({"https": True}, "invite"),
        ({"parley_trusted_proxies": 1}, "invite"),
        ({"host": "0.0.0.0", "parley_signup": "open"}, "open"),
        ({"parley_signup": "invite"}, "invite"),
        ({"parley_signup": "closed"}, "closed"),
    ],
)
def test_strangers_make_accounts_only_where_there_are_none(
    variables: dict[str, Any], signup: str
) -> None:
    assert Environment(**variables).signup == signup


DOMAINS: dict[str, Any] = {
    "parley_signup": "domain",
    "parley_signup_domains": "Example.org, a.example",
}


@pytest.mark.parametrize(
    "variables",
    [
        DOMAINS,
        {**DOMAINS, "email_url": "console:", "parley_signup_domains": ""},
        {"parley_signup_domains": "@example.org"},
        {"parley_signup_domains": "*.example.org"},
        {"parley_signup_domains": "example"},
    ],
)
def test_domains_are_named_and_proven(variables: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Environment(**variables)
    known = Environment(**DOMAINS, email_url="console:")
    assert known.parley_signup_domains == ["example.org", "a.example"]


@pytest.mark.parametrize(
    "wrong",
    ["chat.example.org", "ftp://x", "https://", "https://x/path", "https://me@x", "https://x/?a"],
)
def test_a_site_address_is_an_origin(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Environment(site_url=wrong)
    assert Environment(site_url="https://chat.example.org/").site_url == "https://chat.example.org"


def test_a_wildcard_and_letters_need_an_address(settings: Any) -> None:
    settings.SENDS_MAIL, settings.SITE_URL = True, ""
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    assert site_address(None) == []
    for wild in ("*", ".example.org"):
        settings.ALLOWED_HOSTS = [wild]
        assert [each.id for each in site_address(None)] == ["rooms.W003"]
    settings.SITE_URL = "https://chat.example.org"
    assert site_address(None) == []
