"""What slices and apps do when somebody has posted: write rows of their own in the same
transaction, append events, or say more with the new message than its text.

Registered by `slices`; called by `features.messages` for the messages that people write.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rooms.models import Room, User

from . import message_parts
from .log import Logs


class PostedMessage(NamedTuple):
    """A message that has its row. `body` is Markdown, `reply_to` the primary key of another one."""

    pk: int
    room: Room
    author: User
    seq: int
    body: str
    reply_to: int | None


# Inside the transaction, which holds the rooms: all messages of one transaction at once, so that a
# hundred of them cost as many queries as one. Returns what the fields of message parts are for
# those that have any, by primary key. An exception is the end of the transaction, and each post is
# tried alone then.
PostedHook = Callable[[Logs, Sequence[PostedMessage]], Mapping[int, Mapping[str, Any]]]

_hooks: list[PostedHook] = []


def register(hook: PostedHook) -> None:
    _hooks.append(hook)


def wanted() -> bool:
    """Whether there is a hook at all: without one, nothing is gathered for it."""
    return bool(_hooks)


def parts(logs: Logs, posted: Sequence[PostedMessage]) -> list[Mapping[str, Any]]:
    """The fields of message parts for each message, after all hooks."""
    found: dict[int, dict[str, Any]] = {}
    for hook in _hooks:
        for pk, fields in hook(logs, posted).items():
            found.setdefault(pk, {}).update(fields)
    empty = message_parts.empty()
    return [{**empty, **found.get(each.pk, {})} for each in posted]
