"""The document and the socket agree: what a command's schema allows is never a fault of the server
and refused for its form, and what it forbids is refused.

Long, by hand: `pytest FILE --hypothesis-profile=long`.
"""

import asyncio
import json
from datetime import UTC
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms.contract.asyncapi import document
from rooms.live.commands import registry as commands
from rooms.models import Room, User
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)

# Of a kind's params, and of when, the kind and the hour decide.
NO_SCHEMA_SAYS = ("/params", "/run_at")
FORM = ("Input should", "Field required", "at most", "at least")
KNOWN: dict[str, list[Any]] = {
    "room": ["lobby", "den"],
    "kind": ["room.report"],
    "epoch": ["x"],
    "client_id": ["6a1c8f0e-8f67-4f0e-9d11-2f1f6d1b7a01", "6a1c8f0e"],
    "run_at": ["2026-05-01T09:30Z", "2026-05-01T09:30:00+0100", "1777627800"],
    # At -(2.0**63) itself the validator is wrong.
    "id": [5.0, 2**62, 2**63, 2**64, 1e300, -(2.0**62)],
}  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | texts | st.floats(-1e20, 1e20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Of what these schemas are made of."""
    if "anyOf" in schema:
        return st.one_of([values(each) for each in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "$ref" in schema:
        named = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return bodies(named)
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat())
    if schema["type"] == "array":
        few = schema.get("minItems", 0)
        return st.lists(values(schema["items"]), min_size=few, max_size=few + 2)
    if schema["type"] == "integer":
        whole = st.integers(schema.get("minimum"), schema.get("maximum"))
        return whole | whole.filter(lambda n: abs(n) < 2**53).map(float)
    return {
        "string": st.text(
            st.characters(exclude_categories=["Cs"]),
            min_size=schema.get("minLength", 0),
            max_size=schema.get("maxLength", 70),
        ),
        "object": st.dictionaries(texts, plain, max_size=3),
        "null": st.none(),
        "boolean": st.booleans(),
    }[schema["type"]]


@st.composite
def bodies(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    """What the schema says, with one field of another kind now and then."""
    body = {}
    for name, field in schema["properties"].items():
        if name in schema["required"] or draw(st.booleans()):
            likely = st.sampled_from(KNOWN[name]) if name in KNOWN else values(field)
            body[name] = draw(likely | values(field))
    if draw(st.booleans()):
        spoilt = draw(st.sampled_from(sorted(set(body) - {"type"}) or ["more"]))
        body[spoilt] = draw(plain)
    return body


@pytest.mark.parametrize("command", sorted(commands.registry))
def test_what_a_schema_says_holds(
    command: str, alice: User, bob: User, lobby: Room, den: Room
) -> None:
    made = document()
    name = made["components"]["messages"][f"client.{command}"]["payload"]["$ref"]
    schema = made["components"]["schemas"][name.rpartition("/")[2]]
    # References are those of the whole document.
    whole = {**schema, "components": made["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)

    async def test() -> None:
        loop = asyncio.get_running_loop()
        ana = await Client.connect(alice)

        async def answer_to(body: dict[str, Any]) -> dict[str, Any] | None:
            seen = len(ana.seen)
            await ana.raw(json.dumps(body))
            if command == "send":
                # Answered when it is written.
                await ana.find(lambda each: "id" in each and is_new(each, seen))
            end = f"end {seen}"
            await ana.raw(json.dumps({"id": end, "type": "ping"}))
            await ana.find(lambda each: each.get("id") == end)
            answers = [each for each in ana.seen[seen:] if "id" in each and each["id"] != end]
            return answers[0] if answers else None

        def is_new(told: dict[str, Any], seen: int) -> bool:
            return any(told is each for each in ana.seen[seen:])

        @settings(max_examples=25, suppress_health_check=list(HealthCheck))
        @given(bodies(schema))
        def any_body(body: dict[str, Any]) -> None:
            answer = asyncio.run_coroutine_threadsafe(answer_to(body), loop).result()
            code = answer.get("code") if answer is not None else None
            assert code != "internal", body
            if not validator.is_valid(body):
                assert code in ("invalid", "too_long"), (body, answer)
            elif answer is not None and code == "invalid":
                assert not [
                    each
                    for each in answer.get("errors", [])
                    if not each["pointer"].startswith(NO_SCHEMA_SAYS)
                    and any(words in each["message"] for words in FORM)
                ], (body, answer)
                assert "id must be" not in answer["message"], body

        await asyncio.to_thread(any_body)

    run(test)
