"""What a kind's JSON Schema says of one param, in the form that a field is made of. Pure."""

import json
from dataclasses import dataclass
from typing import Any

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
}


@dataclass(frozen=True)
class Param:
    """One property, its references resolved, its null taken out."""

    name: str
    schema: dict[str, Any]
    nullable: bool
    required: bool

    @property
    def default(self) -> Any:
        return self.schema.get("default")


def param(name: str, schema: dict[str, Any], defs: dict[str, Any], required: bool) -> Param:
    schema = _resolved(schema, defs)
    options = [_resolved(option, defs) for option in schema.get("anyOf", [])]
    real = [option for option in options if option.get("type") != "null"]
    nullable = len(real) < len(options)
    if nullable and len(real) == 1:
        said = {key: value for key, value in schema.items() if key != "anyOf"}
        schema = {**real[0], **said}
    if None in schema.get("enum", []):
        nullable = True
        schema = {**schema, "enum": [each for each in schema["enum"] if each is not None]}
    return Param(name, schema, nullable, required)


def _resolved(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """With what a reference leads to. What stands beside the reference wins."""
    reference = schema.get("$ref", "")
    if not reference.startswith("#/$defs/"):
        return schema
    said = {key: value for key, value in schema.items() if key != "$ref"}
    # A docstring of the type says what the type is, not what this param is for.
    target = {
        key: value
        for key, value in defs[reference.removeprefix("#/$defs/")].items()
        if key not in ("title", "description")
    }
    return {**_resolved(target, defs), "title": "", **said}


def help_text(param: Param) -> str:
    """The description, the limits and the default, as sentences."""
    schema = param.schema
    sentences = [schema.get("description", "")]
    items = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema]
    sentences.append(", ".join(items))
    if isinstance(_made_of(schema), str):
        sentences.append(f"JSON, {_made_of(schema)}")
    if param.default not in (None, "") and "enum" not in schema and schema.get("type") != "boolean":
        sentences.append(f"default: {_written(param.default)}")
    elif param.nullable:
        sentences.append("may be left empty")
    told = [each.strip().rstrip(".") for each in sentences if each and each.strip()]
    return " ".join(f"{each[:1].upper()}{each[1:]}." for each in told)


def _made_of(schema: dict[str, Any]) -> str | None:
    kind = schema.get("type")
    if kind == "array":
        return "as in [1, 2]" if schema.get("items", {}).get("type") != "string" else 'as in ["a"]'
    return "as in {}" if kind == "object" else None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
