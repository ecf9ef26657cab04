"""What is written of an exception: class and first line for people, the rest for staff. Pure."""

import traceback

from rooms.core import graphemes

from .verdict import Failure

MESSAGE_CHARACTERS = 500
TRACEBACK_CHARACTERS = 20_000


def failure_of(error: BaseException) -> Failure:
    lines = str(error).strip().replace("\0", "").splitlines() or [""]
    return Failure(
        type(error).__name__[:200],
        graphemes.cut(lines[0], MESSAGE_CHARACTERS, graphemes.ELLIPSIS),
        "".join(traceback.format_exception(error)).replace("\0", "")[-TRACEBACK_CHARACTERS:],
    )
