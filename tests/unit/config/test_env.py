"""What the environment may say, and how what is wrong with it is said."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize(
    ("variables", "secure"),
    [
        ({}, True),
        ({"host": "0.0.0.0"}, True),
        ({"parley_serving": True}, False),
        ({"parley_serving": True, "host": "0.0.0.0"}, True),
        ({"parley_serving": True, "debug": True, "host": "0.0.0.0"}, False),
        ({"parley_serving": True, "parley_trusted_proxies": 1}, True),
        ({"parley_serving": True, "parley_trusted_proxies": 1, "https": False}, False),
        ({"parley_serving": True, "https": True}, True),
        ({"debug": True, "parley_trusted_proxies": 1}, False),
    ],
)
def test_whether_browsers_come_over_https(
    variables: dict[str, Any], secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_SERVING")
    assert env.Environment(**variables).secure is secure


def test_a_value_that_is_wrong_is_shown_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "redis://ann:s3cret@host")
    monkeypatch.setenv("DATABASE_POOLER", "statement")
    monkeypatch.setenv("DATABASE_POOL_MAX", "0")
    with pytest.raises(ImproperlyConfigured) as caught:
        env.load(env.Environment)
    said = str(caught.value)
    assert "s3cret" not in said
    assert "PORT" in said and "ann:***@host" in said
    assert "DATABASE_POOLER" in said and "'statement'" in said
    assert "DATABASE_POOL_MAX" in said
