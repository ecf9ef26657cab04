"""How long a call to the database may take, measured on this side of the line.

A server that stands still (a frozen host or disk, a network that swallows everything) answers no
statement and breaks no connection: its kernel goes on acknowledging, so that no option of the
connection notices. Here every wait for PostgreSQL has an end of its own, after which the connection
is closed. It cannot tell whether what it was waiting for has been done: what is asked again carries
a `client_id` or an idempotency key.

SQLite has no line to watch. Its waits for a lock are bounded by its own time-out; a disk that hangs
holds the thread that reads from it, however long.

`config.database` puts `bounded` into the pool; `within` is for those who have less time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar, TypeVar

from django.db import connections
from psycopg import Connection, OperationalError, errors
from psycopg.abc import PQGen

T = TypeVar("T")

# How often a wait looks whether it was interrupted.
LOOK_SECONDS = 0.1


class Silent(OperationalError):
    """The database gave no answer in time; the connection is closed."""


class _Call(threading.local):
    """What this thread is in: when its call has to be over, None for never."""

    until: float | None = None
    unbounded = False


_call = _Call()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All queries of this thread in here are answered within `seconds` altogether; else they raise
    `django.db.OperationalError` and the connection is lost."""
    before = _call.until
    mine = monotonic() + seconds
    _call.until = mine if before is None else min(before, mine)
    try:
        yield
    finally:
        _call.until = before


@contextmanager
def unbounded() -> Iterator[None]:
    """Let every statement of this thread take as long as it takes: for migrations."""
    before, _call.unbounded = _call.unbounded, True
    try:
        yield
    finally:
        _call.unbounded = before


def seconds_left(most: float) -> float | None:
    """For the next wait, which may take `most` seconds when nobody said less."""
    left = None if _call.unbounded else most
    if _call.until is not None:
        until = max(0.0, _call.until - monotonic())
        left = until if left is None else min(left, until)
    return left


class BoundedConnection(Connection[Any]):
    """A connection whose every wait ends. Not to be used itself: see `bounded`."""

    answer_seconds: ClassVar[float]

    def wait(
        self, gen: PQGen[T], interval: float = LOOK_SECONDS, timeout: float | None = None
    ) -> T:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        seconds = seconds_left(self.answer_seconds)
        if seconds is None:
            return super().wait(gen, interval)
        began = monotonic()
        try:
            return super().wait(gen, interval, seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
        if seconds == self.answer_seconds:
            # Somebody who has less time may only have come at a bad moment.
            forget_idle_connections(unless_since=began)
        raise Silent(f"the database gave no answer in {seconds:.1f} seconds")


def bounded(answer_seconds: float) -> type[BoundedConnection]:
    """A class of connections that wait at most `answer_seconds` for an answer."""
    return type("Bounded", (BoundedConnection,), {"answer_seconds": answer_seconds})


_forgotten_at = 0.0


def forget_idle_connections(unless_since: float | None = None) -> None:
    """Use no connection again that the pool holds: they lead where no answer came from, or where
    nothing can be written any more. New ones look for the server that can. `unless_since`: not when
    this has been done since."""
    global _forgotten_at
    if unless_since is not None and _forgotten_at > unless_since:
        return
    _forgotten_at = monotonic()
    for each in connections.all(initialized_only=True):
        pool = getattr(each, "pool", None)
        if pool is not None and not pool.closed:
            pool.drain()
