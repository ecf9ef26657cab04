"""What is written of an exception. Pure.

People in the room are told its class, and its first line where that was written for them; texts of
other exceptions name hosts, paths and queries, and are for staff alone, in the traceback.
"""

import traceback

from rooms.text import graphemes

from . import storable
from .verdict import Failure

MESSAGE_CHARACTERS = 500
TRACEBACK_CHARACTERS = 20_000


def failure_of(error: BaseException, told: bool) -> Failure:
    """`told`: whether its text is for everybody."""
    lines = storable.text(error).strip().splitlines() or [""]
    return Failure(
        storable.text(type(error).__name__)[:200],
        graphemes.cut(lines[0], MESSAGE_CHARACTERS, graphemes.ELLIPSIS) if told else "",
        _traceback(error),
    )


def _traceback(error: BaseException) -> str:
    try:
        formatted = "".join(traceback.format_exception(error))
    except Exception as second:
        formatted = f"The traceback of a {type(error).__name__} cannot be shown: {second!r}"
    return storable.text(formatted[-TRACEBACK_CHARACTERS:])[-TRACEBACK_CHARACTERS:]
