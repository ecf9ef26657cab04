"""The parts of `docs/protocol.md` that are made of the protocol's types, and what it quotes.

In the page, everything between `<!-- made: NAME -->` and `<!-- end -->` is made here. Called by
`manage.py asyncapi`.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rooms.live.commands.registry import registry
from rooms.protocol import CLOSES, ERRORS
from rooms.protocol.answers import Bye, Heartbeat, Hello
from rooms.protocol.events import Durable, name, registered

from .asyncapi import SCHEMAS, answers, answers_to, document, example, summary

MADE = re.compile(r"(<!-- made: ([^ ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
LANGUAGES = {".py": "python", ".js": "js"}
CONNECTION = (Hello, Heartbeat, Bye)


def files(docs: Path) -> dict[Path, str]:
    """The documents as they should be, by their paths."""
    page = docs / "protocol.md"
    described = document()
    return {
        docs / "asyncapi.json": json.dumps(described, indent=1, ensure_ascii=False) + "\n",
        page: filled(page.read_text(), docs, described["components"]["schemas"]),
    }


def filled(page: str, docs: Path, schemas: dict[str, Any]) -> str:
    """The page with what is made put between its marks."""

    def made(found: re.Match[str]) -> str:
        part = found[2]
        text = PARTS[part](schemas) if part in PARTS else quoted(docs / part)
        return f"{found[1]}\n{text.strip()}\n\n{found[3]}"

    return MADE.sub(made, page)


def quoted(path: Path) -> str:
    return f"```{LANGUAGES[path.suffix]}\n{path.read_text().strip()}\n```"


# Parts --------------------------------------------------------------------------------------------


def commands(schemas: dict[str, Any]) -> str:
    described = []
    for command, each in registry.items():
        back = " or ".join(f"`{name(answer)}`" for answer in answers_to(command))
        answered = f"Answer: {back}." if back else "Answered only if it is wrong."
        shown = {**example(each.model), "type": command}
        described.append(
            f"### `{command}`\n\n{summary(each.model)} {answered}\n\n"
            + fields(schemas[each.model.__name__], but=("id", "type"))
            + _example(shown)
        )
    return "\n\n".join(described)


def told_of(models: list[type[BaseModel]], but: tuple[str, ...]) -> Callable[[dict[str, Any]], str]:
    def made(schemas: dict[str, Any]) -> str:
        return "\n\n".join(
            f"### `{example(model)['type']}`\n\n{summary(model)}\n\n"
            + fields(schemas[model.__name__], but)
            + _example(example(model))
            for model in models
        )

    return made


def shapes(schemas: dict[str, Any]) -> str:
    """What the fields of the others refer to."""
    top = {each.__name__ for each in [*answers(), *registered()]}
    top |= {each.model.__name__ for each in registry.values()}
    return "\n\n".join(
        f"### {title}\n\n{fields(schema)}".strip()
        for title, schema in schemas.items()
        if title not in top and "properties" in schema
    )


def errors(schemas: dict[str, Any]) -> str:
    return table(("code", "what to do"), [(f"`{code}`", text) for code, text in ERRORS.items()])


def closes(schemas: dict[str, Any]) -> str:
    rows = [
        (str(why.code), why.reason, "yes" if why.reconnect else "no", advice)
        for why, advice in CLOSES.items()
    ]
    return table(("code", "reason", "come back", "what to do"), rows)


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "commands": commands,
    "answers": lambda schemas: told_of([*answers()], ("id", "type"))(schemas),
    "connection": told_of([*CONNECTION], ("type",)),
    "durable": lambda schemas: told_of(
        [each for each in registered() if issubclass(each, Durable)], ("type", "room", "seq", "at")
    )(schemas),
    "ephemeral": lambda schemas: told_of(
        [each for each in registered() if not issubclass(each, (Durable, *CONNECTION))], ("type",)
    )(schemas),
    "shapes": shapes,
    "errors": errors,
    "closes": closes,
}


# Tables -------------------------------------------------------------------------------------------


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def fields(schema: dict[str, Any], but: tuple[str, ...] = ()) -> str:
    required = schema.get("required", [])
    rows = [
        (f"`{field}`" if field in required else f"`{field}`?", kind(of), of.get("description", ""))
        for field, of in schema["properties"].items()
        if field not in but
    ]
    return table(("field", "is", "that is"), rows) + "\n\n" if rows else ""


def kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        title = schema["$ref"].removeprefix(SCHEMAS)
        return f"[{title}](#{title.lower()})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"array of {kind(schema['items'])}"
    if schema.get("format") in ("uuid", "date-time"):
        return {"uuid": "UUID", "date-time": "time"}[schema["format"]]
    return str(schema.get("type", "anything"))


def _example(body: dict[str, Any]) -> str:
    return f"```json\n{json.dumps(body, ensure_ascii=False)}\n```"
