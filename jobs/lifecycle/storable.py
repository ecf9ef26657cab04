"""What a kind raises, logs, reports, names or returns, made into what every database keeps and
every reader can be shown. The only place where that is done. Pure."""

import math
import re
from numbers import Real
from typing import Any

import orjson
from pydantic import BaseModel

# NUL as JSON spells it, which PostgreSQL does not take; not behind an escaped backslash.
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
# Of a text that is cut anyway: what comes behind is not looked at.
MOST_CHARACTERS = 1_000_000
MOST_LEVELS = 100


def text(value: object) -> str:
    """`value` as text without NUL and lone surrogates, which are written as escapes. Never raises,
    whatever its `__str__` does."""
    if not isinstance(value, str):
        try:
            value = str(value)
        except Exception:
            try:
                value = repr(value)
            except Exception:
                value = f"<{type(value).__name__} that cannot be shown>"
    kept: str = value[:MOST_CHARACTERS].replace("\0", "")
    try:
        kept.encode()
    except UnicodeEncodeError:
        return kept.encode("utf-8", "backslashreplace").decode()
    return kept


def number(value: Any) -> int | float:
    """A finite number. Decimals, fractions and numbers of other libraries become a float. Raises
    ValueError."""
    if isinstance(value, int) and abs(value) < 2**53:
        return int(value)
    if not isinstance(value, Real) and not hasattr(value, "__float__"):
        raise ValueError(f"a number is wanted, and this is a {type(value).__name__}")
    plain = float(value)
    if not math.isfinite(plain):
        raise ValueError(f"a number is wanted that is finite, not {plain}")
    return plain


def json(value: Any) -> bytes:
    """`value` as JSON. Numbers that are not finite become null. Raises ValueError for what is no
    JSON."""
    try:
        encoded = _encoded(value)
    except TypeError:
        # Perhaps for its texts alone.
        try:
            encoded = _encoded(_with_texts(value, 0))
        except TypeError as error:
            raise ValueError(f"a result must be JSON: {text(error)}") from None
    return NUL.sub(rb"\1", encoded)


def _encoded(value: Any) -> bytes:
    return orjson.dumps(value, default=_default, option=orjson.OPT_NON_STR_KEYS)


def _with_texts(value: Any, level: int) -> Any:
    if isinstance(value, str):
        return text(value)
    if level >= MOST_LEVELS:
        return value
    if isinstance(value, dict):
        return {
            text(key) if isinstance(key, str) else key: _with_texts(each, level + 1)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_with_texts(each, level + 1) for each in value]
    return value


def _default(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
