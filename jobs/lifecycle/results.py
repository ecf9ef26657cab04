"""What a kind returns, made into the result of a job. Pure."""

from typing import Any

import orjson

from jobs.registry import Kind
from jobs.secret_params import Redaction
from rooms.text import graphemes

from . import storable

RESULT_BYTES = 128 * 1024


def plain(value: Any) -> Any:
    """`value` as plain JSON types. Raises ValueError for what is no JSON."""
    encoded = storable.json(value)
    if len(encoded) > RESULT_BYTES:
        raise ValueError(
            f"a result has at most {RESULT_BYTES:,} bytes, this one {len(encoded):,}: attach a file"
        )
    return orjson.loads(encoded)


def as_result(kind: Kind, value: Any, secrets: Redaction | None = None) -> dict[str, Any]:
    """The result as rooms show it: a dict with at least a `summary` in one line, without what is
    secret."""
    value = None if kind.secret_result is True else plain(value)
    if secrets is not None:
        value = secrets.json(value)
    if isinstance(value, str):
        value = {"summary": value}
    elif value is None:
        value = {}
    elif not isinstance(value, dict):
        value = {"value": value}
    if isinstance(kind.secret_result, tuple):
        value = {name: each for name, each in value.items() if name not in kind.secret_result}
    summary = " ".join(str(value.get("summary") or f"{kind.title} is done.").split())
    return {**value, "summary": graphemes.cut(summary, 500, graphemes.ELLIPSIS)}
