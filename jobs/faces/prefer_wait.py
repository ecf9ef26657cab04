"""`Prefer: wait=N` (RFC 7240): an answer that waits for the job's end, up to a bound.

An operation says what it would wait for (`wait_for_end`); the middleware waits on the event loop
after the operation's thread is free again and the request's turn is over, so that those who wait
keep nobody from being served. One query in `POLL_SECONDS` finds the ends for all requests of a
process that wait: the database is asked, as a bell may be lost.

A preference is no demand: where too many wait already, or a server has no event loop, the answer
is the one without it. `Preference-Applied` says that it was followed.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Header

from jobs.limits import job_limits
from jobs.models import Job
from rooms.core import statements
from rooms.database.calls import with_connection
from rooms.http.middleware import ResponseMiddleware
from rooms.http.turn import turn_of
from rooms.protocol import Refusal
from rooms.rest.requests import Request

logger = logging.getLogger(__name__)
T = TypeVar("T")

MOST_SECONDS = 30
POLL_SECONDS = 0.05
# Of the requests that wait in a process, those of one person.
WAITS_PER_PERSON = 20
# The attribute of a request that wants to wait.
WAIT = "job_wait"

PreferHeader = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description=(
            f"`wait=N`: answer when the job has ended, or after N seconds, at most {MOST_SECONDS}."
            " `Preference-Applied` says that this was done; `state` whether it has ended."
        ),
    ),
]
_WAIT = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?')


def seconds_of(prefer: str | None) -> int:
    """How long the header asks to wait; 0 for not at all. Of two the first counts, and what is not
    understood is left aside, as the standard wants it."""
    for each in (prefer or "").replace(";", ",").split(","):
        found = _WAIT.fullmatch(each.strip().lower())
        if found:
            return min(int(found[1]), MOST_SECONDS)
    return 0


@dataclass(frozen=True)
class Wait:
    """`tell` makes the body once the waiting is over, and says whether the job has ended. It raises
    Refusal where the person may not see the job any more. It is called in a thread, with a
    connection."""

    job_id: UUID
    user_id: int
    seconds: int
    tell: Callable[[], tuple[bytes, bool]]


def wait_for_end(
    request: Request, prefer: str | None, job_id: UUID, tell: Callable[[], tuple[bytes, bool]]
) -> None:
    """Let the answer to this request wait for the job's end, if its client asks for that."""
    seconds = seconds_of(prefer)
    if seconds:
        setattr(request, WAIT, Wait(job_id, request.user.pk, seconds, tell))


class Waiter(NamedTuple):
    end: "asyncio.Future[None]"
    # Whether the server is about to end.
    stopping: Callable[[], bool]


class EndWatch:
    """The ends that requests of one event loop wait for. Its one thread has a connection while
    somebody waits."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[Waiter]] = {}
        self._of_person: Counter[int] = Counter()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="job-ends")
        self._polling: asyncio.Task[None] | None = None

    def has_room(self, user_id: int) -> bool:
        waits = self._of_person.total()
        return waits < job_limits().job_waits and self._of_person[user_id] < WAITS_PER_PERSON

    async def wait(self, wanted: Wait, stopping: Callable[[], bool]) -> None:
        """Until the job has ended, or as long as was asked for."""
        waiter = Waiter(asyncio.get_running_loop().create_future(), stopping)
        self._waiting.setdefault(wanted.job_id, []).append(waiter)
        self._of_person[wanted.user_id] += 1
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())
        try:
            async with asyncio.timeout(wanted.seconds):
                await waiter.end
        except TimeoutError:
            pass
        finally:
            self._forget(wanted, waiter)

    def _forget(self, wanted: Wait, waiter: Waiter) -> None:
        self._of_person[wanted.user_id] -= 1
        if not self._of_person[wanted.user_id]:
            del self._of_person[wanted.user_id]
        left = self._waiting.get(wanted.job_id, [])
        if waiter in left:
            left.remove(waiter)
        if not left:
            self._waiting.pop(wanted.job_id, None)

    async def in_thread(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(with_connection, call))

    async def _poll(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(POLL_SECONDS)
                gone = await self.in_thread(partial(ended, list(self._waiting)))
                for job_id, waiters in list(self._waiting.items()):
                    for waiter in waiters:
                        if job_id in gone or waiter.stopping():
                            answer(waiter)
        except Exception:
            # They are told what is known, and look again as they would without this.
            logger.warning("Requests could not wait for their jobs", exc_info=True)
            for waiter in [each for some in self._waiting.values() for each in some]:
                answer(waiter)
        finally:
            self._polling = None
            self._thread.submit(connection.close)


def answer(waiter: Waiter) -> None:
    if not waiter.end.done():
        waiter.end.set_result(None)


def ended(job_ids: list[UUID]) -> set[UUID]:
    """Which of the jobs have ended, or are gone. In a thread, with a connection."""
    rows = statements.select(Job, only=("id", "state"), id=job_ids)
    return set(job_ids) - {row.pk for row in rows if not row.finished}


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, EndWatch] = WeakKeyDictionary()


def watch_here() -> EndWatch:
    """That of the running loop."""
    return _watches.setdefault(asyncio.get_running_loop(), EndWatch())


class PreferWait(ResponseMiddleware):
    """Has the answers wait that want to, where there is a loop to wait on."""

    def finished(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response

    async def _later(
        self, request: HttpRequest, response: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        first = await response
        wanted: Wait | None = getattr(request, WAIT, None)
        if wanted is None or not isinstance(first, HttpResponse) or first.status_code >= 300:
            return first
        watch = watch_here()
        if not watch.has_room(wanted.user_id):
            return first
        turn = turn_of(request)
        turn.over()
        await watch.wait(wanted, turn.stopping)
        try:
            first.content, is_over = await watch.in_thread(wanted.tell)
        except Refusal:
            # It has been withdrawn from them meanwhile: what they were to be told at first stands.
            return first
        first["Content-Length"] = str(len(first.content))
        # The first one may have come compressed.
        del first["Content-Encoding"]
        first["Preference-Applied"] = f"wait={wanted.seconds}"
        if is_over:
            del first["Retry-After"]
        return first
