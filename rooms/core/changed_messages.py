"""What slices and apps do when a message is edited or deleted: change rows of their own in the same
transaction, and append events.

Registered by `slices`; called by `features.messages`.
"""

from collections.abc import Callable

from rooms.models import Message, Room

from .log import Logs

# Inside the transaction, which holds the room. An edited message says by then what it says now, and
# its parts are asked for afterwards; a deleted one still has its text, its row and its files.
ChangedHook = Callable[[Logs, Room, Message], None]

_edited: list[ChangedHook] = []
_deleted: list[ChangedHook] = []


def register(*, edited: ChangedHook | None = None, deleted: ChangedHook | None = None) -> None:
    if edited is not None:
        _edited.append(edited)
    if deleted is not None:
        _deleted.append(deleted)


def was_edited(logs: Logs, room: Room, message: Message) -> None:
    for hook in _edited:
        hook(logs, room, message)


def will_be_deleted(logs: Logs, room: Room, message: Message) -> None:
    for hook in _deleted:
        hook(logs, room, message)
