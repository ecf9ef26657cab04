"""The socket protocol as an AsyncAPI 3.0 document, made of the types that validate it.

Called by `manage.py asyncapi`. What other apps have registered is part of it.
"""

from typing import Any, Literal, get_args, get_origin

from django.conf import settings
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from rooms.core import slash
from rooms.live.commands.registry import registry
from rooms.protocol import CLOSES, PROTOCOL
from rooms.protocol.answers import Answer, Error, Told
from rooms.protocol.events import name, registered

SCHEMAS = "#/components/schemas/"
CHANNEL = {"$ref": "#/channels/socket"}
DESCRIPTION = (
    "One socket carries many rooms. A client sends one JSON object a frame, a command. Every frame"
    " of the server is a JSON array of one or more objects: answers, which have the command's `id`;"
    " durable events, which have `room`, `seq` and `at`; and what is told once and not kept. Both"
    " sides ignore fields and types that they do not know. docs/protocol.md says how to write a"
    " client."
)


def answers() -> list[type[Answer]]:
    """Every answer there is, in the order of the commands, errors last."""
    found = [each.answer for each in registry.values() if each.answer is not None]
    found += [command.answer for command in slash.known()]
    return [*dict.fromkeys(found), Error]


def answers_to(command: str) -> list[type[Answer]]:
    """What a command may be answered with; empty when it is answered only if it is wrong."""
    own = registry[command].answer
    found: list[type[Answer]] = [] if own is None else [own]
    if command == "send":
        found += [each.answer for each in slash.known()]
    return found


def document() -> dict[str, Any]:
    told: list[type[Told]] = [*answers(), *registered()]
    messages = {f"client.{each}": _command(each) for each in registry}
    messages |= {f"server.{name(each)}": _message(name(each), each) for each in told}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley",
            "version": f"{PROTOCOL}.0.0",
            "description": DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": "{host}",
                "protocol": "wss",
                "description": "A site of your own; ws without TLS.",
                "variables": {"host": {"default": "127.0.0.1:8000"}},
                "security": [
                    {"$ref": "#/components/securitySchemes/token"},
                    {"$ref": "#/components/securitySchemes/session"},
                ],
            }
        },
        "channels": {"socket": _channel(list(messages))},
        "operations": _operations(told),
        "components": {
            "messages": messages,
            "schemas": _schemas(told),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token: `manage.py token USERNAME` or the page /tokens/.",
                },
                "session": {
                    "type": "httpApiKey",
                    "in": "cookie",
                    "name": settings.SESSION_COOKIE_NAME,
                    "description": "A page's session. The Origin must be the site's own.",
                },
            },
        },
    }


def _channel(messages: list[str]) -> dict[str, Any]:
    return {
        "address": "/ws/",
        "title": "The socket",
        "description": "Begins with `hello`. Before the server closes it, a `bye` says why.",
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in messages},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        "x-frames": {
            "client": "one command: a JSON object",
            "server": {"$ref": f"{SCHEMAS}Frame"},
        },
        "x-close-codes": {
            str(why.code): {
                "reason": why.reason,
                "reconnect": why.reconnect,
                "description": advice,
            }
            for why, advice in CLOSES.items()
        },
    }


def _operations(told: list[type[Told]]) -> dict[str, Any]:
    """From the server's side: it receives commands and sends what it tells."""
    operations: dict[str, Any] = {}
    for command in registry:
        back = [*map(name, answers_to(command)), name(Error)]
        operations[f"receive.{command}"] = {
            "action": "receive",
            "channel": CHANNEL,
            "summary": summary(registry[command].model),
            "messages": [_on_channel(f"client.{command}")],
            "reply": {
                "channel": CHANNEL,
                "messages": [_on_channel(f"server.{each}") for each in back],
            },
        }
    for each in told:
        if not issubclass(each, Answer):
            operations[f"send.{name(each)}"] = {
                "action": "send",
                "channel": CHANNEL,
                "summary": summary(each),
                "messages": [_on_channel(f"server.{name(each)}")],
            }
    return operations


def _on_channel(message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/socket/messages/{message}"}


def _command(command: str) -> dict[str, Any]:
    message = _message(command, registry[command].model)
    message["examples"][0]["payload"]["type"] = command
    return message


def _message(title: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": title,
        "title": title,
        "summary": summary(model),
        "payload": {"$ref": f"{SCHEMAS}{model.__name__}"},
        "examples": [{"payload": example(model)}],
    }


def _schemas(told: list[type[Told]]) -> dict[str, Any]:
    commands = {each.model.__name__: command for command, each in registry.items()}
    models = [each.model for each in registry.values()] + told
    _, made = models_json_schema(
        [(model, "validation") for model in models], ref_template=f"{SCHEMAS}{{model}}"
    )
    schemas: dict[str, Any] = made["$defs"]
    for title, schema in schemas.items():
        # The server is strict with itself; a client has to take fields that are added later.
        schema.pop("additionalProperties", None)
        if title in commands:
            schema["properties"]["type"] = {"const": commands[title], "type": "string"}
    schemas["Frame"] = {
        "title": "Frame",
        "description": "What the server sends at a time.",
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [{"$ref": f"{SCHEMAS}{each.__name__}"} for each in told]},
    }
    return dict(sorted(schemas.items()))


def summary(model: type[BaseModel]) -> str:
    """The model's docstring in one line."""
    return " ".join((model.__doc__ or "").split())


# Examples -----------------------------------------------------------------------------------------


def example(model: type[BaseModel]) -> dict[str, Any]:
    """An object of the model, put together from the examples of its fields. What is optional and
    has none is left out."""
    body: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if info.examples:
            body[info.alias or field] = info.examples[0]
        elif info.is_required():
            body[info.alias or field] = _example_of(info.annotation)
    return {"id": body.pop("id"), **body} if "id" in body else body


def _example_of(annotation: Any) -> Any:
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return parts[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return example(annotation)
    if get_origin(annotation) is list:
        return [_example_of(parts[0])]
    if get_origin(annotation) is dict:
        return {}
    if type(None) in parts and not any(_is_model(part) for part in parts):
        return None
    if parts:
        return _example_of(parts[0])
    if annotation is str:
        return ""
    raise TypeError(f"Give the field of type {annotation} an example.")


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
