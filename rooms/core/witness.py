"""What is known outside the database of how far it was, so that one that was put back while nothing
ran is found by the first process that starts on it, and not only by clients that are ahead of it.

In Redis stand the last committed events that were rung for: their room, `seq` and `at`, and the
epoch they are of. Two logs that agree in a number and in its `at` agree in all before it; one that
ends before such an event, or has another one in its place, is an older one. Marks are made after
the commit, so that what was rolled back leaves none. Redis may forget: no mark says nothing.

Written by `bell`; compared by `live.delivery.epoch` when a web process starts, and by other
processes before their first mark.

    witness     a sorted set of marks, the newest `MOST_MARKS`, by the time of writing
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.db import connection
from redis.asyncio import Redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from rooms.models import Event, Room

from . import installation, statements
from .installation import InstallationState
from .outages import Outage
from .representations import timestamp

logger = logging.getLogger(__name__)

MOST_MARKS = 64
# Marks are written at most this often; what was committed since is not witnessed by a crash.
WRITE_SECONDS = 1.0
REDIS_TIMEOUT_SECONDS = 2.0
REDIS_AWAY_SECONDS = 30.0
# Processes without a hub learn of another epoch by looking.
LOOK_SECONDS = 30.0

_unread = Outage(logger, "What Redis knows of this database could not be read")
_unwritten = Outage(logger, "Redis could not be told how far the database is")


class Mark(NamedTuple):
    """An event that was committed. Room 0: none, only the epoch was."""

    number: int
    epoch: str
    room_id: int = 0
    seq: int = 0
    at: str = ""


def compared() -> InstallationState:
    """The installation's row, with another epoch when the database is behind its witness. Raises
    what the database raises; Redis is not waited for."""
    known = installation.read()
    why = contradiction(known, marks := _read())
    if why is None:
        return known
    logger.error("The database was put back to an earlier state: %s.", why)
    newest = max(marks, key=lambda mark: mark.number)
    if newest.number <= known.number:
        return installation.renew(known)
    return installation.renew(known._replace(epoch=newest.epoch, number=newest.number))


def contradiction(known: InstallationState, marks: Iterable[Mark]) -> str | None:
    """What of `marks` is not in the database, in words. Marks of an epoch that is over, and of
    rooms that are gone, say nothing."""
    if any(mark.number > known.number for mark in marks):
        return "its epoch is an older one"
    now = [mark for mark in marks if (mark.number, mark.epoch) == (known.number, known.epoch)]
    wanted = {(mark.room_id, mark.seq): mark.at for mark in now if mark.room_id}
    rooms = Room.objects.only("last_seq").in_bulk({room_id for room_id, _ in wanted})
    for room_id, seq in wanted:
        if room_id in rooms and rooms[room_id].last_seq < seq:
            return f"room {room_id} is at {rooms[room_id].last_seq}, and was at {seq}"
    events = statements.select_together(Event, ("room_id", "seq"), list(wanted))
    found = Event.objects.filter(pk__in=[row.pk for row in events])
    for room_id, seq, at in found.values_list("room_id", "seq", "at"):
        if timestamp(at) != wanted[room_id, seq]:
            return f"event {seq} of room {room_id} is another one"
    return None


def _key() -> str:
    return f"{installation.redis_prefix()}:witness"


def _read() -> list[Mark]:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        found: Any = client.zrange(_key(), 0, -1)
    except (redis.RedisError, OSError) as error:
        _unread.failed(error)
        return []
    finally:
        client.close()
    marks = []
    for each in found:
        # Of a version that writes them in another way.
        with suppress(ValueError, TypeError):
            number, epoch, room_id, seq, at = json.loads(each)
            marks.append(Mark(int(number), str(epoch), int(room_id), int(seq), str(at)))
    return marks


class Witness:
    """Writes for one ringer, on its loop. `known` gives the epoch that what was committed is of."""

    def __init__(self, known: Callable[[], Awaitable[InstallationState | None]]) -> None:
        self._known = known
        self._noted: dict[int, tuple[int, str]] = {}
        self._written: InstallationState | None = None
        self._due = 0.0

    def note(self, room_id: int, seq: int, at: str) -> None:
        """An event was committed. Of a room the last one counts, and of rooms the last ones."""
        self._noted.pop(room_id, None)
        self._noted[room_id] = (seq, at)
        if len(self._noted) > MOST_MARKS:
            del self._noted[next(iter(self._noted))]

    async def write(self, at_once: bool = False) -> None:
        """Never raises. Without `at_once` it may be too early."""
        now = time.monotonic()
        if not self._noted or (now < self._due and not at_once):
            return
        self._due = now + WRITE_SECONDS
        noted, self._noted = self._noted, {}
        try:
            known = await self._known()
            if known is not None:
                marks = [
                    Mark(known.number, known.epoch, room, *head) for room, head in noted.items()
                ]
                await self._tell([Mark(known.number, known.epoch), *marks])
        except Exception as error:
            self._due = now + REDIS_AWAY_SECONDS
            _unwritten.failed(repr(error))
        else:
            _unwritten.over()

    async def _tell(self, marks: list[Mark]) -> None:
        # One connection a second is cheaper than one that is kept over a loop's end.
        client = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            retry=AsyncRetry(NoBackoff(), 0),
        )
        try:
            async with client.pipeline(transaction=False) as pipe:
                moment = time.time()
                pipe.zadd(_key(), {json.dumps(mark): moment for mark in marks})
                pipe.zremrangebyrank(_key(), 0, -1 - MOST_MARKS)
                await pipe.execute()
        finally:
            await client.aclose()


class LatestInstallation:
    """What a process without a hub knows of the epoch: compared at first, then looked at now and
    then."""

    def __init__(self) -> None:
        self._known: InstallationState | None = None
        self._looked_at = 0.0

    async def __call__(self) -> InstallationState | None:
        if self._known is None or time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._known = await asyncio.get_running_loop().run_in_executor(None, self._look)
            self._looked_at = time.monotonic()
        return self._known

    def _look(self) -> InstallationState:
        try:
            return compared() if self._known is None else installation.read()
        finally:
            connection.close()
