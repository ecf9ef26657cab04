"""What the environment may say, and how what is wrong with it is said."""

from pathlib import Path
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


def refusal() -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        env.load(env.Environment)
    return str(caught.value)


def test_what_is_wrong_with_several_variables_shows_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("PARLEY_SIGNUP", "domain")
    said = refusal()
    assert "s3cret" not in said and "PARLEY_SIGNUP_DOMAINS" in said


# Secrets in files ---------------------------------------------------------------------------------


@pytest.fixture
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*env.SECRETS, *env.SECRET_LISTS):
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name}_FILE".upper(), raising=False)


def test_every_variable_that_may_hold_a_secret_is_one() -> None:
    assert {*env.SECRETS, *env.SECRET_LISTS} <= set(env.Environment.model_fields)


@pytest.mark.parametrize("name", env.SECRETS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.usefixtures("no_secrets")
def test_a_secret_from_a_file(
    name: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(f"redis://:s3cret@host/0 {end}".encode())
    monkeypatch.setenv(f"{name}_FILE".upper(), str(tmp_path / "secret"))
    assert getattr(env.load(env.Environment), name) == "redis://:s3cret@host/0 "


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"s3cret\nmore", "more than one line"),
        (b"s3cret\xff", "no text in UTF-8"),
        (b"s3cret\0", "no text"),
        (b"s3cret" * 20_000, "is longer than"),
    ],
)
@pytest.mark.usefixtures("no_secrets")
def test_a_file_that_holds_no_secret(
    held: bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(held)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    said = refusal()
    assert "SECRET_KEY_FILE" in said and why in said and "s3cret" not in said


@pytest.mark.usefixtures("no_secrets")
def test_all_files_that_are_wrong_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("s3cret")
    monkeypatch.setenv("SECRET_KEY", "other-s3cret")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("EMAIL_URL_FILE", str(tmp_path))
    monkeypatch.setenv("REDIS_URL_FILE", "")
    monkeypatch.setenv("PORT", "0")
    said = refusal()
    assert "SECRET_KEY is given as well" in said
    assert f"DATABASE_URL_FILE: {tmp_path}/nothing cannot be read: No such file" in said
    assert "EMAIL_URL_FILE" in said and "Is a directory" in said
    assert "PORT" in said and "REDIS_URL_FILE" not in said
    assert "s3cret" not in said


@pytest.mark.usefixtures("no_secrets")
def test_keys_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "one, two")
    assert env.load(env.Environment).secret_key_fallbacks == ["one", "two"]
    monkeypatch.delenv("SECRET_KEY_FALLBACKS")
    (tmp_path / "keys").write_text("one,with a comma\n\ntwo\n")
    monkeypatch.setenv("SECRET_KEY_FALLBACKS_FILE", str(tmp_path / "keys"))
    assert env.load(env.Environment).secret_key_fallbacks == ["one,with a comma", "two"]
