"""What slices and apps do when somebody has posted: write rows of their own in the same
transaction, append events, or say more with the new message than its text.

Registered by `slices`; called by `features.messages` for the messages that people write.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rooms.models import Room, User

from . import message_parts
from .log import Logs


class PostedMessage(NamedTuple):
    """A message that has its row. `body` is Markdown and `html` what became of it, `number` that
    among the room's messages, `reply_to` the primary key of another one."""

    pk: int
    room: Room
    author: User
    seq: int
    body: str
    reply_to: int | None
    number: int
    html: str


# Inside the transaction, which holds the rooms: all messages of one transaction at once, so that a
# hundred of them cost as many queries as one. Returns what the fields of message parts are for
# those that have any, by primary key. An exception is the end of the transaction, and each post is
# tried alone then.
PostedHook = Callable[[Logs, Sequence[PostedMessage]], Mapping[int, Mapping[str, Any]]]

# What a hook looks for that is there for messages which answer another; no text holds it.
REPLY = "\0reply"

# Each with what a message has to hold to be of interest to it; "": all are.
_hooks: list[tuple[str, PostedHook]] = []


def register(hook: PostedHook, sign: str = "") -> None:
    """`hook` is called with the messages whose Markdown holds `sign`."""
    _hooks.append((sign, hook))


def wanted(said: Iterable[tuple[str, int | None]]) -> bool:
    """Whether a hook is to be called for messages of these texts, which answer these or nothing:
    else nothing is gathered."""
    if not _hooks:
        return False
    texts = list(said)
    return any(any(_has(*each, sign) for each in texts) for sign, _ in _hooks)


def _has(body: str, reply_to: int | None, sign: str) -> bool:
    return reply_to is not None if sign == REPLY else sign in body


def parts(logs: Logs, posted: Sequence[PostedMessage]) -> list[Mapping[str, Any]]:
    """The fields of message parts for each message, after all hooks."""
    found: dict[int, dict[str, Any]] = {}
    for sign, hook in _hooks:
        some = [each for each in posted if _has(each.body, each.reply_to, sign)]
        if some:
            for pk, fields in hook(logs, some).items():
                found.setdefault(pk, {}).update(fields)
    empty = message_parts.empty()
    return [{**empty, **found.get(each.pk, {})} for each in posted]
