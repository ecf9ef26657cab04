"""Params that nobody is shown: which of a kind's are secret (`SecretStr`, `SecretBytes`, `Secret`),
what is kept of them, and how they are taken out of what a kind says. Pure.

A job has its params twice then: with the secrets masked, which is what everybody and everything is
given, and as they are, in a column that only the worker reads and that is empty after the end.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

SECRETS = (SecretStr, SecretBytes, Secret)
MASK = "**********"
# Lines of a longer secret, such as a key's, that are looked for by themselves.
LINE_CHARACTERS = 8


def holds_secret(annotation: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether what is declared so has a secret in it, at any depth."""
    for each in (annotation, get_origin(annotation)):
        if isinstance(each, type) and issubclass(each, SECRETS):
            return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return False
        fields = annotation.model_fields.values()
        return any(holds_secret(field.annotation, seen | {annotation}) for field in fields)
    return any(holds_secret(each, seen) for each in get_args(annotation))


def unmasked(model: type[BaseModel]) -> list[str]:
    """Fields that are said to be secret by their JSON Schema alone: they would be shown."""
    return [
        name
        for name, field in model.model_fields.items()
        if _said_secret(field) and not holds_secret(field.annotation)
    ]


def _said_secret(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    said = extra if isinstance(extra, Mapping) else {}
    return said.get("writeOnly") is True or said.get("format") == "password"


def split(params: BaseModel) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """As JSON, with the secrets masked; and as they are, None where there are none."""
    shown = params.model_dump(mode="json", by_alias=True, round_trip=True)
    if not holds_secret(type(params)):
        return shown, None
    return shown, _revealed(params.model_dump(by_alias=True, round_trip=True), shown)


def _revealed(value: Any, shown: Any) -> Any:
    if isinstance(value, SECRETS):
        return to_jsonable_python(value.get_secret_value())
    if isinstance(value, dict) and isinstance(shown, dict):
        pairs = zip(shown.items(), value.values(), strict=True)
        return {name: _revealed(real, masked) for (name, masked), real in pairs}
    if isinstance(value, (list, tuple, set, frozenset)) and isinstance(shown, list):
        return [_revealed(real, masked) for real, masked in zip(value, shown, strict=True)]
    return shown


class Redaction:
    """Takes secrets out of texts, also as they stand in a repr, in JSON and in an address. What a
    kind makes of them otherwise, a hash or a part, is not known here."""

    def __init__(self, secrets: Iterator[str]) -> None:
        found: set[str] = set()
        for secret in secrets:
            lines = secret.splitlines()
            found |= {secret, *(line for line in lines if len(line.strip()) >= LINE_CHARACTERS)}
        found |= {form for text in found for form in _written(text)}
        # A longer one may have a shorter one in it.
        self._texts = sorted(filter(str.strip, found), key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._texts:
            text = text.replace(secret, MASK)
        return text

    def json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.json(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.json(each) for each in value]
        return value


def _written(text: str) -> set[str]:
    return {repr(text)[1:-1], json.dumps(text)[1:-1], quote(text, safe=""), quote(text)}


def of_job(params: Any, secret_params: Any) -> Redaction | None:
    """For what a kind says of a job. None: its params have no secret."""
    return None if secret_params is None else Redaction(_differing(params, secret_params))


def _differing(shown: Any, real: Any) -> Iterator[str]:
    if isinstance(real, dict) and isinstance(shown, dict):
        for name, each in real.items():
            yield from _differing(shown.get(name), each)
    elif isinstance(real, list) and isinstance(shown, list):
        for masked, each in zip(shown, real, strict=False):
            yield from _differing(masked, each)
    elif shown != real:
        yield from leaves(real)


def of_given(model: type[BaseModel], given: Mapping[str, Any]) -> Redaction:
    """For what is said of params that are refused, which are no model yet."""
    names = {
        said
        for name, field in model.model_fields.items()
        if holds_secret(field.annotation)
        for said in (name, field.alias, field.validation_alias)
        if isinstance(said, str)
    }
    return Redaction(text for name in names if name in given for text in leaves(given[name]))


def leaves(value: Any) -> Iterator[str]:
    """Each text and number in a piece of JSON, as text."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
