"""What slices and apps show with messages: each part fills one field of a message's JSON.

Registered by `slices`; `representations` fills the fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rooms.models import Message
from rooms.protocol import parts as shapes


@dataclass(frozen=True)
class MessagePart:
    """`values` makes the field's JSON for those of some rows that have one, by primary key, with as
    many queries for a hundred rows as for one. All others get `empty`, and so does a message that
    was just said; with `left_out` these have no such field. `stays`: also what is left of a deleted
    message has it. `schema` is JSON Schema."""

    field: str
    values: Callable[[Sequence[Message]], Mapping[int, Any]]
    schema: dict[str, Any]
    empty: Any = None
    left_out: bool = False
    stays: bool = False


_parts: list[MessagePart] = []
_empty: dict[str, Any] = {}
_stay: set[str] = set()


def register(part: MessagePart) -> None:
    shapes.register_field(part.field, part.schema)
    _parts.append(part)
    if not part.left_out:
        _empty[part.field] = part.empty
    if part.stays:
        _stay.add(part.field)


def of(rows: Sequence[Message]) -> list[dict[str, Any]]:
    """The fields of all parts for each row."""
    found = [(part.field, part.values(rows)) for part in _parts]
    return [
        _empty | {field: values[row.pk] for field, values in found if row.pk in values}
        for row in rows
    ]


def staying(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a message's fields that what is left of it has as well."""
    return _empty | {field: value for field, value in parts.items() if field in _stay}


def empty() -> Mapping[str, Any]:
    """The fields of all parts for a message that was just said."""
    return _empty
