"""The protocol's documents: they hold together, are current, and leave nothing out."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from django.core.management import call_command

from rooms.contract import protocol_page
from rooms.contract.asyncapi import answers, document, example
from rooms.live.commands.registry import registry
from rooms.models import Membership, Message, Room
from rooms.protocol import CLOSES, ERRORS, ErrorCode, closes, events, parts, shapes
from tests.unit.test_architecture import ROOT, files

DOCUMENT = document()
MESSAGES = DOCUMENT["components"]["messages"]
TOLD = [*answers(), *events.registered()]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolved(reference: str) -> Any:
    assert reference.startswith("#/")
    part = DOCUMENT
    for step in reference[2:].split("/"):
        part = part[step]
    return part


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 40
    for reference in found:
        assert resolved(reference), reference


def test_names_are_what_asyncapi_allows() -> None:
    parts = DOCUMENT["components"]
    names = [*parts["messages"], *parts["schemas"], *parts["securitySchemes"]]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)
    allowed = {"asyncapi", "info", "defaultContentType", "servers", "channels", "operations"}
    assert set(DOCUMENT) == allowed | {"components"}
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert resolved(operation["channel"]["$ref"])["address"] == "/ws/"


def schema_of(name: str) -> dict[str, Any]:
    return {**DOCUMENT, **MESSAGES[name]["payload"]}


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_what_its_schema_says(name: str) -> None:
    validator = jsonschema_rs.Draft7Validator(schema_of(name), validate_formats=True)
    for shown in MESSAGES[name]["examples"]:
        validator.validate(shown["payload"])
        assert not validator.is_valid({**shown["payload"], "type": "other"})


@pytest.mark.parametrize("name", MESSAGES)
def test_schemas_are_json_schemas(name: str) -> None:
    schema = resolved(MESSAGES[name]["payload"]["$ref"])
    assert jsonschema_rs.meta.is_valid(schema)


@pytest.mark.parametrize("command", registry)
def test_the_server_takes_the_examples(command: str) -> None:
    shown = MESSAGES[f"client.{command}"]["examples"][0]["payload"]
    assert shown["type"] == command
    # As the socket does it: JSON first, then the type.
    registry[command].model.model_validate(json.loads(json.dumps(shown)))


@pytest.mark.parametrize("told", TOLD, ids=events.name)
def test_the_server_may_tell_the_examples(told: Any) -> None:
    told.model_validate_json(json.dumps(example(told)), strict=True)


def test_the_documents_are_current() -> None:
    call_command("asyncapi", check=True)


def test_a_page_that_is_not_current_is_found(tmp_path: Path) -> None:
    page = "before\n<!-- made: errors -->\nSTALE\n<!-- end -->\nafter\n"
    (tmp_path / "protocol.md").write_text(page)
    made = protocol_page.files(tmp_path)[tmp_path / "protocol.md"]
    assert made.startswith("before\n<!-- made: errors -->\n") and made.endswith("after\n")
    assert "STALE" not in made and "`rate_limited`" in made


def test_the_page_shows_all_there_is() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    names = [*registry, *map(events.name, TOLD)]
    assert [name for name in names if f"### `{name}`" not in page] == []
    assert set(protocol_page.PARTS) <= set(re.findall("<!-- made: ([^ ]+) -->", page))


def test_codes_are_complete() -> None:
    assert set(ERRORS) == set(get_args(ErrorCode))
    declared = [each for each in vars(closes).values() if isinstance(each, closes.Close)]
    assert set(CLOSES) == set(declared)
    assert len({each.code for each in declared}) == len(declared)


def test_the_shapes_know_every_choice_of_the_models() -> None:
    assert set(parts.kinds()) >= set(Message.Kind.values)
    assert set(get_args(shapes.Role)) == set(Membership.Role.values)
    assert set(get_args(shapes.Visibility)) == set(Room.Visibility.values)


def appended() -> Iterator[str]:
    """The event types that code appends to a log: the second argument of `….append(room, …)`."""
    for file in files("rooms", "jobs"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "append" and len(node.args) > 1:
                    name = node.args[1]
                    if isinstance(name, ast.Constant) and isinstance(name.value, str):
                        yield name.value


def test_no_event_is_written_that_the_documents_do_not_have() -> None:
    durable = {
        events.name(each) for each in events.registered() if issubclass(each, events.Durable)
    }
    found = set(appended())
    assert {"message.created", "job.changed"} <= found
    assert found - durable == set()


def test_an_event_is_registered_once() -> None:
    with pytest.raises(ValueError, match=r"message\.created"):
        events.register(events.MessageCreated)
