"""The few threads in which a process's database code runs, each with a connection of its own.

Made by `node`. The loop is woken once for all that is done by then: waking it for each call costs
more than the query.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

Waiting = tuple["asyncio.Future[Any]", Callable[[], Any]]
Done = tuple["asyncio.Future[Any]", Any, BaseException | None]


class DatabaseThreads:
    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self._loop = loop
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._count = count
        self._done: deque[Done] = deque()
        self._telling = False
        self._stopped = False

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` in one of the threads. Cancelled, it is left out if it has not begun."""
        if self._stopped:
            raise RuntimeError("This node has ended.")
        if len(self._threads) < self._count:
            thread = threading.Thread(target=self._work, name="live-db", daemon=True)
            self._threads.append(thread)
            thread.start()
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, partial(call, *args, **kwargs)))
        return await future

    async def stop(self) -> None:
        """End the threads and their connections, after what they have begun. Whoever comes later
        must not start another, which nobody would end."""
        self._stopped = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._threads = []

    # In a thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        while (waiting := self._queue.get()) is not None:
            future, call = waiting
            if future.cancelled():
                continue
            try:
                self._done.append((future, _with_connection(call), None))
            except BaseException as error:
                self._done.append((future, None, error))
            if not self._telling and not self._loop.is_closed():
                self._telling = True
                self._loop.call_soon_threadsafe(self._tell)
        connection.close()

    # On the loop ---------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Whatever is done from here on wakes the loop again."""
        self._telling = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _with_connection(call: Callable[[], T]) -> T:
    """A connection that has died in the meantime is replaced, and the call made once more."""
    reused = connection.connection is not None
    try:
        return call()
    except (OperationalError, InterfaceError):
        usable = reused and connection.connection is not None and connection.is_usable()
        connection.close()
        if not reused or usable:
            raise
        logger.warning("The database connection was lost; trying again with a new one.")
        return call()
