"""What is secret in params, and how it is taken out of texts."""

from typing import Any

import pytest
from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from jobs import secret_params
from jobs.secret_params import MASK, Redaction


class Inner(BaseModel):
    token: SecretStr
    of: "Inner | None" = None


class Params(BaseModel):
    name: str = "shown"
    pin: Secret[int] = Secret(1234)
    raw: SecretBytes = SecretBytes(b"")
    inner: dict[str, list[Inner]] = {}


class Plain(BaseModel):
    name: str = ""


def test_secrets_are_masked_at_any_depth_and_read_again() -> None:
    given = Params.model_validate({"pin": 77, "raw": "bytes", "inner": {"a": [{"token": "t0k"}]}})
    shown, real = secret_params.split(given)
    inner = {"token": MASK, "of": None}
    assert shown == {"name": "shown", "pin": MASK, "raw": MASK, "inner": {"a": [inner]}}
    assert real is not None and real["inner"]["a"][0]["token"] == "t0k"
    assert Params.model_validate(real) == given
    redaction = secret_params.of_job(shown, real)
    assert redaction is not None
    assert redaction.text("77, bytes, t0k, shown") == f"{MASK}, {MASK}, {MASK}, shown"


def test_params_without_secrets_are_kept_once() -> None:
    assert secret_params.split(Plain()) == ({"name": ""}, None)
    assert secret_params.of_job({"name": ""}, None) is None


@pytest.mark.parametrize(
    "said",
    [
        "a'b/c d\u00e9",
        repr("a'b/c d\u00e9 \""),
        '{"x": "a\'b/c d\\u00e9"}',
        "https://x/?p=a%27b%2Fc%20d%C3%A9",
        "the second line: -----END KEY-----",
    ],
)
def test_a_secret_is_found_as_it_is_written(said: str) -> None:
    redaction = Redaction(iter(["a'b/c d\u00e9", "a'b/c d\u00e9 \"", "x\n-----END KEY-----"]))
    found = redaction.text(said)
    assert MASK in found
    for part in ("b/c", "c%20d", "%2Fc", "END KEY"):
        assert part not in found


def test_json_is_looked_through() -> None:
    value: Any = {"s3": ["has s3", {"deep": "s3"}], "number": 3, "nothing": None}
    assert Redaction(iter(["s3"])).json(value) == {
        MASK: [f"has {MASK}", {"deep": MASK}],
        "number": 3,
        "nothing": None,
    }


def test_an_empty_secret_hides_nothing() -> None:
    assert Redaction(iter(["", " "])).text("a b") == "a b"
