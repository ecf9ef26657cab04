"""Where lines come from: a person at a terminal, or a pipe. Called by `manage.py chat`."""

import asyncio
import codecs
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

# How often what stands below the line is drawn anew.
REFRESH_SECONDS = 0.5
READ_AHEAD_LINES = 100


async def at_terminal(status: Callable[[], str]) -> AsyncIterator[str]:
    """Lines typed at a prompt that stays below what is printed. Ends at Ctrl-C and Ctrl-D.

    What was typed vanishes: it comes back as what the room was told, or as a failure.
    """
    session: PromptSession[str] = PromptSession(erase_when_done=True)
    with patch_stdout():
        while True:
            try:
                yield await session.prompt_async(
                    "> ", bottom_toolbar=status, refresh_interval=REFRESH_SECONDS
                )
            except (EOFError, KeyboardInterrupt):
                return


async def from_pipe(descriptor: int = 0) -> AsyncIterator[str]:
    """The lines of a pipe or a file, until its end.

    Read by a thread, because a file has no readiness to wait for; and past Python's own stdin,
    whose lock such a thread would hold when the program ends.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue(READ_AHEAD_LINES)

    def read() -> None:
        try:
            for line in chain(lines_of(descriptor), [None]):
                asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()
        except RuntimeError:
            # The loop has ended before the pipe.
            return

    threading.Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line


def lines_of(descriptor: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while data := os.read(descriptor, 65_536):
        *whole, rest = (rest + decoder.decode(data)).split("\n")
        yield from whole
    rest += decoder.decode(b"", True)
    if rest:
        yield rest
