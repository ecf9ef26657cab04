"""`/job KIND name=value …`, the slash command that submits a job, or with `then` and `and` several
one after the other and side by side. Registered by `apps`."""

import shlex
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson

from jobs import registry
from jobs.kinds import chain
from jobs.submitting.actions import Submission
from rooms.core.slash import SlashCommand
from rooms.models import User
from rooms.protocol import Invalid
from rooms.protocol.scopes import Scope

from .socket import JobAccepted, accepted

USAGE = "/job KIND name=value … [then KIND name=value …]"
# Between two jobs: after the one, or beside it.
THEN, AND = "then", "and"


def parse(arguments: str) -> tuple[str, dict[str, Any]]:
    """The kind's name and the params as they were typed: texts, or JSON where it begins so. Of
    several jobs those of a chain.

    The kind's own model makes numbers, dates and switches of the texts.
    """
    words = split(arguments, USAGE)
    stages = [[_job(each) for each in apart(stage, AND)] for stage in apart(words, THEN)]
    if len(stages) == 1 and len(stages[0]) == 1:
        return stages[0][0]
    parts = [[{"kind": kind, "params": params} for kind, params in stage] for stage in stages]
    return chain.CHAIN, {"stages": parts}


def _job(words: list[str]) -> tuple[str, dict[str, Any]]:
    if not words:
        raise Invalid(f"Which job? Usage: {USAGE}. {kinds()}")
    return words[0], named(words[1:], USAGE)


def apart(words: list[str], between: str) -> list[list[str]]:
    """The lists of words that stand before, between and after that word."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == between:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def split(arguments: str, usage: str) -> list[str]:
    """Words, as a shell takes them."""
    try:
        return shlex.split(arguments)
    except ValueError:
        raise Invalid(f"A quotation mark is not closed. Usage: {usage}") from None


def named(words: Iterable[str], usage: str) -> dict[str, Any]:
    """name=value each, and each once."""
    values: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid(f"{word[:80]!r} is not name=value. Usage: {usage}")
        if name in values:
            raise Invalid(f"{name[:80]!r} is given twice.")
        values[name] = _value(value)
    return values


def _value(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return orjson.loads(text)
        except ValueError:
            pass
    return text


def kinds() -> str:
    listed = "; ".join(
        " ".join([kind.name, *(f"{name}=…" for name in kind.params.model_fields)])
        for kind in registry.offered()
    )
    return f"Kinds: {listed or 'none'}."


def submit(user: User, room: str, arguments: str, client_id: UUID) -> dict[str, Any]:
    name, params = parse(arguments)
    return accepted(Submission(user, name, params, room, key=str(client_id)))


JOB = SlashCommand(
    "job",
    USAGE,
    "Hand work to a worker; its result comes here.",
    submit,
    JobAccepted,
    Scope.JOBS,
)
