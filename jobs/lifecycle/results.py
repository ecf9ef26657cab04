"""What a kind returns, made into JSON that every database takes. Pure."""

import re
from typing import Any

import orjson
from pydantic import BaseModel

from jobs.registry import Kind
from rooms.text import graphemes

RESULT_BYTES = 128 * 1024
# NUL as JSON spells it, which PostgreSQL does not take; not behind an escaped backslash.
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def plain(value: Any) -> Any:
    """`value` as plain JSON types. Raises ValueError for what is no JSON."""
    try:
        text = orjson.dumps(value, default=_default, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise ValueError(f"a result must be JSON: {error}") from None
    if len(text) > RESULT_BYTES:
        raise ValueError(
            f"a result has at most {RESULT_BYTES:,} bytes, this one {len(text):,}: attach a file"
        )
    return orjson.loads(NUL.sub(rb"\1", text))


def _default(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


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
