"""What slices and apps show with messages: each part fills one field of a message's JSON.

Registered in `ready()`; `representations` fills the fields. A part that needs rows of its own names
how to reach them from a message, and lists read them together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rooms.models import Message
from rooms.protocol import parts as shapes


@dataclass(frozen=True)
class MessagePart:
    """`value` makes the field's JSON of a row; `empty` is what a message has that was just said.
    `prefetch` are relations of `Message` that `value` reads. `schema` is JSON Schema."""

    field: str
    value: Callable[[Message], Any]
    schema: dict[str, Any]
    empty: Any = None
    prefetch: tuple[str, ...] = ()


_parts: list[MessagePart] = []
_empty: dict[str, Any] = {}


def register(part: MessagePart) -> None:
    shapes.register_field(part.field, part.schema)
    _parts.append(part)
    _empty[part.field] = part.empty


def of(row: Message) -> dict[str, Any]:
    """The fields of all parts for a row."""
    return {part.field: part.value(row) for part in _parts}


def empty() -> dict[str, Any]:
    """The fields of all parts for a message that was just said. Not to be changed."""
    return _empty


def prefetch() -> list[str]:
    """What a list of messages reads together: `queryset.prefetch_related(*prefetch())`."""
    return ["attachments", *(name for part in _parts for name in part.prefetch)]
