"""What the documents say is said in the words of JSON Schema: another word says nothing."""

from typing import Any

from config.api import api
from rooms.contract import asyncapi

# What Pydantic writes of a bound that it cannot put into words.
NO_WORDS = {"ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of", "strict"}


def unheard(value: Any, place: str = "") -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in unheard(each, place)]
    if not isinstance(value, dict):
        return []
    own = [f"{place}/{name}" for name in value if name in NO_WORDS]
    return own + [
        found for name, each in value.items() for found in unheard(each, f"{place}/{name}")
    ]


def test_every_bound_is_said() -> None:
    assert unheard(dict(api.get_openapi_schema())) == []
    assert unheard(asyncapi.document()) == []
    new = api.get_openapi_schema()["components"]["schemas"]["NewJob"]["properties"]
    assert (new["priority"]["minimum"], new["priority"]["maximum"]) == (0, 9)
