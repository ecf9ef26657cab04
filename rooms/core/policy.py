"""Who may do what: a table from the name of an action to its rule.

A rule is pure: it gets `Facts` and returns None, or the refusal. Every action asks the table, by
`require` or `allows`, before it writes; so does what shows something. The core's rules are in
`rules`; features and apps register theirs in the same way. `manage.py policy` writes the table down
as docs/who-may-what.md, and a test tries each cell of it at every entry.

A room that the caller may not see answers exactly like one that does not exist.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from rooms.models import Room
from rooms.protocol import NotFound, Refusal


class Facts(NamedTuple):
    """What is known of a caller, and of what they want to act on.

    `role` is the caller's in the room, None without a membership. `target` is the role of the
    member acted on, `gives` the role that they would have. `own`: the thing, or the target, is the
    caller's own. `late`: the time for it is over. `last_owner`: the room has no owner but the
    target. `muted_until`: until when the caller only reads here, if they do now. `permissions` are
    those of the site's staff; nobody else has any.
    """

    room: Room | None = None
    role: str | None = None
    banned: bool = False
    invited: bool = False
    target: str | None = None
    gives: str | None = None
    own: bool = False
    late: bool = False
    last_owner: bool = False
    muted_until: datetime | None = None
    permissions: Collection[str] = ()


Rule = Callable[[Facts], Refusal | None]
# Facts beside the room and the role, by what the table calls them.
Cases = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Action:
    """`says` completes "may …". `cases` are the facts beside room and role on which the rule looks,
    by what the table calls them; `visibilities` are the rooms in which there is such a thing."""

    name: str
    says: str
    rule: Rule
    cases: Cases = field(default_factory=lambda: {"": {}})
    visibilities: Collection[str] = tuple(Room.Visibility.values)


_table: dict[str, Action] = {}


def register(action: Action) -> None:
    if action.name in _table:
        raise ValueError(f"the action {action.name!r} has a rule already")
    _table[action.name] = action


def actions() -> list[Action]:
    """The whole table, in the order of registration."""
    return list(_table.values())


def refusal(action: str, facts: Facts) -> Refusal | None:
    return _table[action].rule(facts)


def allows(action: str, facts: Facts) -> bool:
    return _table[action].rule(facts) is None


def require(action: str, facts: Facts) -> None:
    """Raises the refusal, if there is one."""
    refused = _table[action].rule(facts)
    if refused is not None:
        raise refused


def no_room(slug: str) -> NotFound:
    return NotFound(f"There is no room {slug!r}, or you may not see it.")
