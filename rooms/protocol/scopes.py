"""What an API token may be used for: the one table of it, for REST and for the socket.

A session may do what its person may. A token may do what its person may and its scopes name.
Whatever is in no table needs `write`, so that a new operation is never open to a token that was
made for reading. Slices add their rows when they are registered, before anything is served.
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """`label` is what a person reads beside the box."""

    READ = "read"
    WRITE = "write"
    JOBS = "jobs"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Scope.READ: "Read rooms and jobs, and hear what happens",
    Scope.WRITE: "Post and change messages, make, join and leave rooms",
    Scope.JOBS: "Submit, cancel and retry jobs",
    Scope.ADMIN: "Manage rooms: settings, members, bans",
}

EVERYTHING = " ".join(Scope)

# Socket commands, by type or by what stands before its dot.
_commands: dict[str, Scope] = {
    "subscribe": Scope.READ,
    "unsubscribe": Scope.READ,
    "ping": Scope.READ,
}

# Operations of REST that change something, as "METHOD path/*", a star for each parameter.
_operations: list[tuple[re.Pattern[str], Scope]] = [
    (re.compile(r"(PATCH|PUT|DELETE) rooms/\*"), Scope.ADMIN),
    (re.compile(r"\w+ rooms/\*/(members|bans|invitations)(/.*)?"), Scope.ADMIN),
]

_SAFE = {"GET", "HEAD", "OPTIONS"}
_PARAMETER = re.compile(r"<[^>]*>")


def declare(*, commands: Mapping[str, Scope], operations: Mapping[str, Scope]) -> None:
    """Rows of a slice. `operations` are patterns that match the whole of "METHOD path/*"."""
    _commands.update(commands)
    _operations.extend((re.compile(pattern), scope) for pattern, scope in operations.items())


def of_command(type: str) -> Scope:
    """What a token needs for a socket command."""
    family = type.partition(".")[0]
    return _commands.get(type) or _commands.get(family) or Scope.WRITE


def of_operation(method: str, route: str) -> Scope:
    """What a token needs for an operation of REST. `route` is the matched one, as Django writes it:
    `api/v1/rooms/<slug>/members`."""
    if method in _SAFE:
        return Scope.READ
    path = _PARAMETER.sub("*", route.partition("/v1/")[2])
    for pattern, scope in _operations:
        if pattern.fullmatch(f"{method} {path}"):
            return scope
    return Scope.WRITE


def parse(text: str) -> frozenset[str]:
    """The scopes of a token, as its row holds them: with spaces between."""
    return frozenset(text.split())
