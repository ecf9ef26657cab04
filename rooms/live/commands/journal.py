"""The way a post takes from a socket into the database: a bounded queue and one writing thread.

What arrives while a transaction is under way waits, and the next transaction takes all of it, up
to a bound. No timer: an idle journal writes as soon as the loop has read what there is to read, a
busy one writes much at a time.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, DataError, IntegrityError, connection

from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Outcome, Post
from rooms.live.metrics import names as metrics
from rooms.protocol import Busy, Invalid

logger = logging.getLogger(__name__)

Done = Callable[[Outcome], None]
Waiting = tuple[Post, Done]

# Not temporary, or a client would send it again after every restart.
NOT_WRITTEN = Invalid("This message cannot be kept.")
# One transaction takes about so many posts: a bound on how long the others wait for it.
BATCH = 256
# While further posts keep coming, this many turns of the loop are waited for them: microseconds.
TURNS = 8


class Journal:
    """Used from the loop. `done` of a post is called on the loop, after the commit."""

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int) -> None:
        self._loop = loop
        self._capacity = capacity
        self._gathered: list[Waiting] = []
        self._queue: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self.depth = 0
        self.seconds_per_post = 0.001

    def submit(self, post: Post, done: Done) -> None:
        """Queue a post. Raises Busy, with the time the queue needs, when it is full."""
        if self.depth >= self._capacity:
            metrics.JOURNAL_BUSY.inc()
            raise Busy("Too many messages are waiting to be written.", self.retry_after)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
            self._thread.start()
        self.depth += 1
        self._empty.clear()
        self._gathered.append((post, done))
        if len(self._gathered) == 1:
            self._loop.call_soon(self._hand_over, 1, TURNS)

    def _hand_over(self, seen: int, turns: int) -> None:
        """Give the thread what came in one go: posts that are being read from other sockets at the
        moment would need a transaction, a bell and a round through the room of their own."""
        if len(self._gathered) > seen and turns:
            self._loop.call_soon(self._hand_over, len(self._gathered), turns - 1)
            return
        metrics.JOURNAL_DEPTH.set(self.depth)
        gathered, self._gathered = self._gathered, []
        self._queue.put(gathered)

    @property
    def retry_after(self) -> float:
        """Seconds until half of the queue is written, as measured lately."""
        return round(min(30.0, max(0.5, self.depth / 2 * self.seconds_per_post)), 1)

    async def drained(self) -> None:
        """Wait until everything submitted has been answered."""
        await self._empty.wait()

    async def stop(self) -> None:
        await self.drained()
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    # The thread ----------------------------------------------------------------------------------

    def _write_all(self) -> None:
        stop = False
        while not stop:
            batch: list[Waiting] = []
            while not batch or (len(batch) < BATCH and not self._queue.empty()):
                more = self._queue.get()
                if more is None:
                    stop = True
                    break
                batch += more
            if not batch:
                break
            started = time.perf_counter()
            outcomes = self._write([post for post, _ in batch])
            spent = (time.perf_counter() - started) / len(batch)
            self._loop.call_soon_threadsafe(self._deliver, batch, outcomes, spent)
        connection.close()

    def _write(self, posts: list[Post]) -> list[Outcome]:
        """All of them together, or, where that fails and it is not the database, each alone."""
        try:
            return messages.post_messages(posts)
        except (IntegrityError, DataError):
            # Another process wrote one of the client_ids, a room went away, or a text is none for
            # this database: find out which.
            if len(posts) > 1:
                return self._each_alone(posts)
            return [self._once_more(posts[0])]
        except DatabaseError:
            logger.exception("The journal could not write")
            connection.close()
            return [Busy("The database does not answer.", 2.0) for _ in posts]
        except BaseException:
            # Whatever it is, it must not end this thread, which nobody would start again.
            if len(posts) > 1:
                return self._each_alone(posts)
            logger.exception("A post could not be written")
            return [NOT_WRITTEN]

    def _each_alone(self, posts: list[Post]) -> list[Outcome]:
        return [outcome for post in posts for outcome in self._write([post])]

    def _once_more(self, post: Post) -> Outcome:
        """What another process has written meanwhile is there to be found now."""
        try:
            return messages.post_messages([post])[0]
        except Exception:
            logger.exception("A post could not be written")
            return NOT_WRITTEN

    # The loop ------------------------------------------------------------------------------------

    def _deliver(self, batch: list[Waiting], outcomes: list[Outcome], spent: float) -> None:
        self.seconds_per_post += (spent - self.seconds_per_post) * 0.1
        self.depth -= len(batch)
        metrics.JOURNAL_DEPTH.set(self.depth)
        metrics.JOURNAL_BATCH.observe(len(batch))
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            try:
                done(outcome)
            except Exception:
                logger.exception("An answer could not be given")
        if self.depth == 0:
            self._empty.set()
