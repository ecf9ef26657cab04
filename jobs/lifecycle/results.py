"""What a kind returns, made into the result of a job. Pure."""

from typing import Any

import orjson

from jobs.registry import Kind
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


def as_result(kind: Kind, value: Any) -> dict[str, Any]:
    """The result as rooms show it: a dict with at least a `summary` in one line."""
    value = plain(value)
    if isinstance(value, str):
        value = {"summary": value}
    elif value is None:
        value = {}
    elif not isinstance(value, dict):
        value = {"value": value}
    summary = " ".join(str(value.get("summary") or f"{kind.title} is done.").split())
    return {**value, "summary": graphemes.cut(summary, 500, graphemes.ELLIPSIS)}
