"""What apps add to messages: kinds of them, and fields that only their messages fill.

Registered in `ready()`. A field has one place in a message's JSON, the same in events, answers and
REST; `core.message_parts` fills it, the documents show its schema.
"""

from typing import Any

from pydantic import ConfigDict

# A person's words, and what the room says of itself. Apps add theirs.
_kinds = ["text", "system"]
_fields: dict[str, dict[str, Any]] = {}


def register_kind(name: str) -> None:
    if name in _kinds:
        raise ValueError(f"the kind of messages {name!r} is registered twice")
    _kinds.append(name)


def kinds() -> list[str]:
    return list(_kinds)


def register_field(name: str, schema: dict[str, Any]) -> None:
    """`schema`: JSON Schema of the field's value, null included if it may be."""
    if name in _fields:
        raise ValueError(f"the field {name!r} of messages is registered twice")
    _fields[name] = schema


def _describe(schema: dict[str, Any]) -> None:
    """Called when the documents are made, after every app has registered."""
    schema["properties"]["kind"]["enum"] = kinds()
    schema["properties"] |= _fields
    schema["additionalProperties"] = False


# Of the shape of a message: its own fields, and those of apps.
MESSAGE_CONFIG = ConfigDict(extra="allow", json_schema_extra=_describe)
