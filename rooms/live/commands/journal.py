"""The way a post takes from a socket into the database: a bounded queue and one writing thread.

What arrives while a transaction is under way waits, and the next transaction takes all of it, up
to a bound. No timer: an idle journal writes as soon as the loop has read what there is to read, a
busy one writes much at a time.

Nobody waits longer than `answer_seconds`, whatever the database does: who has waited that long is
answered `busy`, and while a transaction takes that long, everybody is. What was refused so is left
out when its turn comes; what is in the transaction may still be written, and is found by its
`client_id` when it is sent again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, DataError, IntegrityError, connection

from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.database.calls import with_connection
from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post, PostOutcome
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.protocol import Busy, Invalid

logger = logging.getLogger(__name__)

OnOutcome = Callable[[PostOutcome], None]

# Not temporary, or a client would send it again after every restart.
NOT_WRITTEN = Invalid("This message cannot be kept.")
# Bounds how long later posts wait for the transaction under way.
POSTS_PER_TRANSACTION = 256
# While further posts keep coming, this many turns of the loop are waited for them: microseconds.
GATHER_LOOP_TURNS = 8
# Checks for posts that waited too long, within that time.
TIMEOUT_CHECKS = 10


class WaitingPost:
    """A post on its way. Its answer is given once, on the loop."""

    __slots__ = ("answered", "done", "post", "since")

    def __init__(self, post: Post, done: OnOutcome) -> None:
        self.post = post
        self.done = done
        self.since = time.monotonic()
        self.answered = False


class Journal:
    """Used from the loop. `done` of a post is called on the loop, after the commit."""

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int) -> None:
        self._loop = loop
        self._capacity = capacity
        self._gathered: list[WaitingPost] = []
        self._queue: queue.SimpleQueue[list[WaitingPost] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        # All that are not answered, the oldest first, and some that are.
        self._unanswered: deque[WaitingPost] = deque()
        self._look_timer: asyncio.TimerHandle | None = None
        # When the transaction that is under way began.
        self._writing_since: float | None = None
        self._trouble = Outage(logger, "The journal could not write", level=logging.ERROR)
        self.depth = 0
        self.seconds_per_post = 0.001

    @property
    def stuck_seconds(self) -> float:
        """How long the transaction under way has taken; 0 without one. From any thread."""
        since = self._writing_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def is_stuck(self) -> bool:
        return self.stuck_seconds >= limits().answer_seconds

    def submit(self, post: Post, done: OnOutcome) -> None:
        """Queue a post. Raises Busy, with the time the queue needs, when it is full."""
        if self.is_stuck:
            metrics.JOURNAL_BUSY.inc()
            raise Busy(trouble.SILENT, trouble.RETRY_AFTER_SECONDS)
        if self.depth >= self._capacity:
            metrics.JOURNAL_BUSY.inc()
            raise Busy("Too many messages are waiting to be written.", self.retry_after)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
            self._thread.start()
        waiting = WaitingPost(post, done)
        self.depth += 1
        self._empty.clear()
        self._unanswered.append(waiting)
        self._gathered.append(waiting)
        if len(self._gathered) == 1:
            self._loop.call_soon(self._hand_over, 1, GATHER_LOOP_TURNS)
        if self._look_timer is None:
            self._look_again()

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
        if self._look_timer is not None:
            self._look_timer.cancel()

    # Waiting too long ----------------------------------------------------------------------------

    def _look_again(self) -> None:
        pause = limits().answer_seconds / TIMEOUT_CHECKS
        self._look_timer = self._loop.call_later(pause, self._look)

    def _look(self) -> None:
        """Refuse who has waited too long, and everybody while the writing stands still."""
        self._look_timer = None
        everybody = self.is_stuck
        seconds = limits().answer_seconds
        oldest = time.monotonic() - seconds
        silent = self.stuck_seconds > seconds / 2
        text = trouble.SILENT if silent else trouble.BUSY
        while self._unanswered:
            first = self._unanswered[0]
            if not (first.answered or everybody or first.since <= oldest):
                break
            self._unanswered.popleft()
            if not first.answered:
                metrics.JOURNAL_BUSY.inc()
                self._answer(first, Busy(text, trouble.RETRY_AFTER_SECONDS))
        if self._unanswered:
            self._look_again()

    def _answer(self, waiting: WaitingPost, outcome: PostOutcome) -> None:
        waiting.answered = True
        self.depth -= 1
        try:
            waiting.done(outcome)
        except Exception:
            logger.exception("An answer could not be given")
        if self.depth == 0:
            metrics.JOURNAL_DEPTH.set(0)
            self._empty.set()

    # The thread ----------------------------------------------------------------------------------

    def _write_all(self) -> None:
        stop = False
        while not stop:
            batch: list[WaitingPost] = []
            while not batch or (len(batch) < POSTS_PER_TRANSACTION and not self._queue.empty()):
                more = self._queue.get()
                if more is None:
                    stop = True
                    break
                batch += [each for each in more if not each.answered]
            if not batch:
                break
            self._writing_since = started = time.monotonic()
            outcomes = self._write([each.post for each in batch])
            self._writing_since = None
            spent = (time.monotonic() - started) / len(batch)
            self._loop.call_soon_threadsafe(self._deliver, batch, outcomes, spent)
        connection.close()

    def _write(self, posts: list[Post]) -> list[PostOutcome]:
        """All of them together, or, where that fails and it is not the database, each alone."""
        try:
            outcomes = with_connection(partial(messages.post_messages, posts))
        except (IntegrityError, DataError):
            # Another process wrote one of the client_ids, a room went away, or a text is none for
            # this database: find out which.
            if len(posts) > 1:
                return self._each_alone(posts)
            return [self._once_more(posts[0])]
        except BaseException as error:
            text = trouble.reason(error)
            if text is None and not isinstance(error, DatabaseError):
                # Whatever it is, it must not end this thread, which nobody would start again.
                if len(posts) > 1:
                    return self._each_alone(posts)
                logger.exception("A post could not be written")
                return [NOT_WRITTEN]
            self._trouble.failed(error, traceback=text is None)
            connection.close()
            refusal = Busy(text or "The message could not be written.", trouble.RETRY_AFTER_SECONDS)
            return [refusal for _ in posts]
        self._trouble.over()
        return outcomes

    def _each_alone(self, posts: list[Post]) -> list[PostOutcome]:
        """A database that stops answering meanwhile is not waited for by each of them."""
        outcomes: list[PostOutcome] = []
        for post in posts:
            if self.is_stuck:
                silent = Busy(trouble.SILENT, trouble.RETRY_AFTER_SECONDS)
                outcomes.append(silent)
            else:
                outcomes += self._write([post])
        return outcomes

    def _once_more(self, post: Post) -> PostOutcome:
        """What another process has written meanwhile is there to be found now."""
        try:
            return with_connection(partial(messages.post_messages, [post]))[0]
        except Exception as error:
            self._trouble.failed(error, traceback=trouble.reason(error) is None)
            return trouble.busy(error) or NOT_WRITTEN

    # The loop ------------------------------------------------------------------------------------

    def _deliver(self, batch: list[WaitingPost], outcomes: list[PostOutcome], spent: float) -> None:
        self.seconds_per_post += (spent - self.seconds_per_post) * 0.1
        metrics.JOURNAL_BATCH.observe(len(batch))
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if not waiting.answered:
                self._answer(waiting, outcome)
        while self._unanswered and self._unanswered[0].answered:
            self._unanswered.popleft()
        metrics.JOURNAL_DEPTH.set(self.depth)
