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
    was just said. `schema` is JSON Schema."""

    field: str
    values: Callable[[Sequence[Message]], Mapping[int, Any]]
    schema: dict[str, Any]
    empty: Any = None


_parts: list[MessagePart] = []
_empty: dict[str, Any] = {}


def register(part: MessagePart) -> None:
    shapes.register_field(part.field, part.schema)
    _parts.append(part)
    _empty[part.field] = part.empty


def of(rows: Sequence[Message]) -> list[dict[str, Any]]:
    """The fields of all parts for each row."""
    found = [(part.field, part.values(rows), part.empty) for part in _parts]
    return [{field: values.get(row.pk, empty) for field, values, empty in found} for row in rows]


def empty() -> Mapping[str, Any]:
    """The fields of all parts for a message that was just said."""
    return _empty
