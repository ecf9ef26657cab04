"""Slash commands: what a person may type instead of a message. Other apps register theirs.

Pure but for the registry. The journal's side of the socket asks `parse` before it posts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rooms.limits import limits
from rooms.models import User
from rooms.protocol import Invalid
from rooms.protocol.answers import Answer
from rooms.protocol.scopes import Scope
from rooms.text import graphemes

# (user, room slug, what follows the name, the client's id of the command) → the answer.
# Synchronous, runs in a database thread; raises Refusal.
SlashHandler = Callable[[User, str, str, UUID], dict[str, Any]]


@dataclass(frozen=True)
class SlashCommand:
    """`/name arguments`, explained to people as `usage` and `summary`; `answer` is what the handler
    returns, `scope` what a token needs to use it. What is for the person alone to read is a
    `PrivateWords`; anything else the page hands to the reducer of the answer's type."""

    name: str
    usage: str
    summary: str
    handler: SlashHandler
    answer: type[Answer]
    scope: Scope = Scope.WRITE


_commands: dict[str, SlashCommand] = {}


def register(command: SlashCommand) -> None:
    if command.name in _commands:
        raise ValueError(f"/{command.name} is registered twice")
    _commands[command.name] = command


def known() -> list[SlashCommand]:
    return sorted(_commands.values(), key=lambda command: command.name)


def parse(body: str) -> tuple[SlashCommand, str] | None:
    """The command that `body` holds, with its arguments, or None when it is a message.

    Two slashes at the start say a slash: see `unescaped`. An unknown command is refused rather
    than posted, because it was not meant for everybody's eyes. It is no longer than a message.
    """
    if not body.startswith("/") or body.startswith("//"):
        return None
    most = limits().message_characters
    if len(body) > most:
        raise Invalid(f"A command has at most {most:,} characters.", "too_long")
    name, _, arguments = body[1:].partition(" ")
    command = _commands.get(name.strip().lower())
    if command is None:
        names = ", ".join(f"/{each.name}" for each in known()) or "none"
        meant = graphemes.cut(name, 40, graphemes.ELLIPSIS)
        raise Invalid(
            f"There is no command /{meant}. Commands: {names}."
            " To say it as it stands, start it with two slashes."
        )
    return command, arguments.strip()


def unescaped(body: str) -> str:
    return body[1:] if body.startswith("//") else body
