"""What is written of an exception: class and first line for people, the rest for staff. Pure."""

import traceback

from .verdict import Failure

MESSAGE_CHARACTERS = 500
TRACEBACK_CHARACTERS = 20_000


def failure_of(error: BaseException) -> Failure:
    lines = str(error).strip().replace("\0", "").splitlines() or [""]
    return Failure(
        type(error).__name__[:200],
        lines[0][:MESSAGE_CHARACTERS],
        "".join(traceback.format_exception(error)).replace("\0", "")[-TRACEBACK_CHARACTERS:],
    )
