"""One registration for a slice: all that a feature or an app adds to Parley, in one value.

A slice of `rooms/features/` has its own in `slice.py`, which `apps` finds; another app calls
`register` in its `ready()`. Code that shows or serves something asks here or where
`register` has put it; nobody names a slice. What does not fit one of the fields is registered where
it belongs: admin pages by Django's `admin`, metrics at `metrics.view.register`, layer messages at
`Hub.hears`.
"""

import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from rooms.core.changed_messages import ChangedHook
from rooms.core.housekeeping import Duty, UpkeepStep
from rooms.core.message_parts import MessagePart
from rooms.core.policy import Action
from rooms.core.posted_messages import PostedHook
from rooms.core.slash import SlashCommand
from rooms.live.commands import registry
from rooms.live.commands.registry import CommandHandler
from rooms.protocol.answers import Answer, Told
from rooms.protocol.scopes import Scope
from rooms.terminal.lines import Line, Running

from . import features
from .core import changed_messages, housekeeping, message_parts, policy, posted_messages, slash
from .models import Membership, Room, User
from .protocol import Command, events, parts, scopes
from .terminal import lines

# What a room's page starts from besides the core's: of (person, room, membership) keys of the JSON
# under `extra`, where the slice's reducers keep them up to date. Read after the page's `head`.
RoomState = Callable[[User, Room, Membership | None], dict[str, Any]]


@dataclass(frozen=True)
class SocketCommand:
    """`answer` is what the documents say comes back; None: nothing does."""

    name: str
    model: type[Command]
    handler: CommandHandler
    answer: type[Answer] | None


@dataclass(frozen=True)
class Slice:
    """`actions` are its rows in the table of who may what. `rest` is a Ninja router by its dotted
    name, loaded with the API. `styles` and `modules` are files below `static/`, `templates` hold
    the `<template>` elements that the modules copy: all of them are put into the page of a room.
    `lines` and `running` are for the terminal client. `posted` is called with the messages that
    people have just written, in their transaction (`core.posted_messages`), `posted_with` with
    those that hold a certain text, `replied` with those that answer another one; `edited` and
    `deleted` with one that says something else now, or will be no more (`core.changed_messages`).

    `command_scopes` and `operation_scopes` say what an API token needs, as `core.scopes` takes it;
    what is not named needs `write`. `housekeeping` sweeps away what has run out, `upkeep` is
    done in small steps by web processes, every few seconds."""

    name: str
    actions: Sequence[Action] = ()
    commands: Sequence[SocketCommand] = ()
    events: Sequence[type[Told]] = ()
    slash: Sequence[SlashCommand] = ()
    rest: str = ""
    message_kinds: Sequence[str] = ()
    message_parts: Sequence[MessagePart] = ()
    posted: Sequence[PostedHook] = ()
    posted_with: Mapping[str, PostedHook] = field(default_factory=dict)
    replied: Sequence[PostedHook] = ()
    edited: Sequence[ChangedHook] = ()
    deleted: Sequence[ChangedHook] = ()
    room_state: RoomState | None = None
    styles: Sequence[str] = ()
    modules: Sequence[str] = ()
    templates: Sequence[str] = ()
    lines: Mapping[str, Line] = field(default_factory=dict)
    running: Mapping[str, Running] = field(default_factory=dict)
    command_scopes: Mapping[str, Scope] = field(default_factory=dict)
    operation_scopes: Mapping[str, Scope] = field(default_factory=dict)
    housekeeping: Mapping[str, Duty] = field(default_factory=dict)
    upkeep: Mapping[str, UpkeepStep] = field(default_factory=dict)


_slices: dict[str, Slice] = {}


def register(slice: Slice) -> None:
    """Raises ValueError when the slice, or anything that it names, is there already."""
    if slice.name in _slices:
        raise ValueError(f"the slice {slice.name!r} is registered twice")
    for action in slice.actions:
        policy.register(action)
    for command in slice.commands:
        registry.register(command.name, command.model, command.handler, command.answer)
    for event in slice.events:
        events.register(event)
    for slash_command in slice.slash:
        slash.register(slash_command)
    for kind in slice.message_kinds:
        parts.register_kind(kind)
    for part in slice.message_parts:
        message_parts.register(part)
    for hook in slice.posted:
        posted_messages.register(hook)
    for sign, hook in slice.posted_with.items():
        posted_messages.register(hook, sign)
    for hook in slice.replied:
        posted_messages.register(hook, posted_messages.REPLY)
    for hook_of_edits in slice.edited:
        changed_messages.register(edited=hook_of_edits)
    for hook_of_deletions in slice.deleted:
        changed_messages.register(deleted=hook_of_deletions)
    for type, line in slice.lines.items():
        lines.register(type, line)
    for type, running in slice.running.items():
        lines.register_running(type, running)
    scopes.declare(commands=slice.command_scopes, operations=slice.operation_scopes)
    for name, duty in slice.housekeeping.items():
        housekeeping.register(name, duty)
    for name, step in slice.upkeep.items():
        housekeeping.register_step(name, step)
    _slices[slice.name] = slice


def register_features() -> None:
    """Every folder of `features` that has a `slice.py`, by name."""
    for folder in sorted(each.name for each in pkgutil.iter_modules(features.__path__)):
        name = f"{features.__name__}.{folder}"
        package = import_module(name)
        if any(each.name == "slice" for each in pkgutil.iter_modules(package.__path__)):
            register(import_module(f"{name}.slice").SLICE)


def registered() -> list[Slice]:
    return list(_slices.values())


def routers() -> Iterator[Any]:
    """The REST routers of all slices."""
    for slice in _slices.values():
        if slice.rest:
            module, _, name = slice.rest.rpartition(".")
            yield getattr(import_module(module), name)


def room_state(user: User, room: Room, membership: Membership | None) -> dict[str, Any]:
    """What all slices add to the state of a room's page."""
    state: dict[str, Any] = {}
    for slice in _slices.values():
        if slice.room_state is not None:
            state |= slice.room_state(user, room, membership)
    return state
