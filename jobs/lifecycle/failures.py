"""What is written of an exception. Pure.

People in the room are told its class, and its first line where that was written for them; texts of
other exceptions name hosts, paths and queries, and are for staff alone, in the traceback.
"""

import traceback

from jobs.secret_params import Redaction
from rooms.text import graphemes

from . import storable
from .verdict import Failure

MESSAGE_CHARACTERS = 500
TRACEBACK_CHARACTERS = 20_000
MOST_CAUSES = 10


def failure_of(error: BaseException, told: bool, secrets: Redaction | None = None) -> Failure:
    """`told`: whether its text is for everybody. With `secrets` these are taken out of it, and of
    the traceback are left the places and the classes: who cuts or encodes what they were given
    writes it into an exception in a way that nobody finds."""
    said = storable.text(error)
    if secrets is not None:
        said = secrets.text(said)
    lines = said.strip().splitlines() or [""]
    return Failure(
        storable.text(type(error).__name__)[:200],
        graphemes.cut(lines[0], MESSAGE_CHARACTERS, graphemes.ELLIPSIS) if told else "",
        _traceback(error) if secrets is None else _places(error),
        storable.text(f"{type(error).__module__}.{type(error).__qualname__}")[:200],
    )


def _places(error: BaseException) -> str:
    parts: list[str] = []
    chain: BaseException | None = error
    while chain is not None and len(parts) < MOST_CAUSES:
        frames = "".join(traceback.format_tb(chain.__traceback__))
        parts.append(f"{frames}{type(chain).__name__} (its text is left out: the job has secrets)")
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    return storable.text("\n\nAfter that:\n".join(reversed(parts)))[-TRACEBACK_CHARACTERS:]


def _traceback(error: BaseException) -> str:
    try:
        formatted = "".join(traceback.format_exception(error))
    except Exception as second:
        formatted = f"The traceback of a {type(error).__name__} cannot be shown: {second!r}"
    return storable.text(formatted[-TRACEBACK_CHARACTERS:])[-TRACEBACK_CHARACTERS:]
