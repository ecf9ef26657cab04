"""The few threads in which a process's database code runs, each with a connection of its own.

Made by `node`. The loop is woken once for all that is done by then: waking it for each call costs
more than the query. Nobody on the loop waits longer than `answer_seconds` for a thread, whatever
the database does to it.
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

from django.db import OperationalError, connection

from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.database.calls import with_connection
from rooms.limits import limits

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

QueuedCall = tuple["asyncio.Future[Any]", Callable[[], Any]]
FinishedCall = tuple["asyncio.Future[Any]", Any, BaseException | None]


def give_up(future: asyncio.Future[Any]) -> None:
    if not future.done():
        seconds = limits().answer_seconds
        future.set_exception(OperationalError(f"no answer in {seconds:g} seconds"))


class DatabaseThreads:
    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self._loop = loop
        self._queue: queue.SimpleQueue[QueuedCall | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._count = count
        self._done: deque[FinishedCall] = deque()
        self._telling = False
        self._stopped = False
        self._trouble = Outage(logger, "The database is in trouble", level=logging.ERROR)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` in one of the threads. Cancelled, it is left out if it has not begun.

        Raises what it raises, and OperationalError when there is no answer in `answer_seconds`:
        then the call may still be carried out, if it has begun.
        """
        if self._stopped:
            raise RuntimeError("This node has ended.")
        if len(self._threads) < self._count:
            thread = threading.Thread(target=self._work, name="live-db", daemon=True)
            self._threads.append(thread)
            thread.start()
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, partial(call, *args, **kwargs)))
        # `asyncio.timeout` costs several times as much, which shows where thousands connect.
        deadline = self._loop.call_later(limits().answer_seconds, give_up, future)
        try:
            result = await future
        except Exception as error:
            if trouble.reason(error) is not None:
                self._trouble.failed(error)
            raise
        finally:
            deadline.cancel()
        self._trouble.over()
        return result

    async def stop(self) -> None:
        """End the threads and their connections, after what they have begun. A later call
        must not start another thread, which nobody would end."""
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
            if future.done():
                continue
            try:
                self._done.append((future, with_connection(call), None))
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
