"""What a kind's function is given, and what it may raise. The public face of `jobs` for kinds."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.files.base import File
from django.utils import timezone
from pydantic import BaseModel

from jobs import registry
from jobs.lifecycle import asking, parts, questions, storable
from jobs.lifecycle.asking import GivenAnswer
from jobs.lifecycle.parts import PartResult
from jobs.models import JobQuestion, Who
from jobs.registry import Kind
from jobs.secret_params import Redaction
from jobs.submitting import parts as making
from jobs.submitting.parts import JobPart
from rooms.features.files import actions as files
from rooms.models import Attachment, Room, User
from rooms.protocol import Refusal
from rooms.text import graphemes

from .attempt import RunningAttempt
from .interruption import Cancelled, LeaseLost, TimedOut, WaitsForAnswer, WaitsForParts
from .steps import side_by_side
from .surroundings import close_connections

__all__ = [
    "Cancelled",
    "Context",
    "GivenAnswer",
    "GiveUp",
    "NotAnswered",
    "JobPart",
    "PartResult",
    "PartsFailed",
    "RetryLater",
    "TimedOut",
]

logger = logging.getLogger("jobs.kinds")
P = TypeVar("P", bound=BaseModel)
T = TypeVar("T")

LOG_CHARACTERS = 10_000
# Of one attempt; what it logs beyond would fill the worker's disk.
LINES_IN_THE_WORKERS_LOG = 1_000
TEXT_CHARACTERS = 200
DAY = timedelta(days=1)


class RetryLater(Exception):
    """Try again in `seconds`. Does not use up an attempt."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"To be tried again in {seconds:g} s.")
        self.seconds = max(0.0, seconds)


class GiveUp(Exception):
    """The job has failed, and trying again would not help."""


class NotAnswered(GiveUp):
    """Nobody answered in time, and the kind has no default."""


class PartsFailed(GiveUp):
    """A part without which the job is nothing did not succeed."""

    def __init__(self, failed: Sequence[PartResult]) -> None:
        first = failed[0]
        others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        super().__init__(f"{first.title}: {first.error or first.state}{others}")
        self.failed = failed


class UnknownKind(LookupError):
    """This worker does not know the job's kind; the next one may."""


def is_told(error: BaseException, kind: Kind | None) -> bool:
    """Whether its text was written for the people in the room."""
    return isinstance(error, (GiveUp, RetryLater, UnknownKind, *(kind.tell if kind else ())))


class Context(Generic[P]):
    """One attempt at a job, seen from its kind."""

    def __init__(self, attempt: RunningAttempt, params: P) -> None:
        self.job, self.lease, self.params = attempt.job, attempt.lease, params
        self.files: list[Attachment] = []
        self._attempt, self._window = attempt, attempt.window
        self._log: deque[str] = deque()
        self._logged_lines = self._logged_characters = 0
        self._lock = threading.Lock()

    def _said(self, text: str) -> str:
        """What can be kept and shown of a text of the kind's."""
        kept = storable.text(text)
        return kept if self.secrets is None else self.secrets.text(kept)

    @property
    def secrets(self) -> Redaction | None:
        """Of its params; for steps."""
        return self._attempt.secrets

    @property
    def keeps_results_secret(self) -> bool:
        """What its steps return is shown to nobody."""
        kind = registry.find(self.job.kind)
        return kind is not None and kind.has_secrets

    def tells(self, error: BaseException) -> bool:
        """Whether the people in the room are told the text of this exception."""
        return is_told(error, registry.find(self.job.kind))

    @property
    def id(self) -> UUID:
        return self.job.pk

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self.job.attempt

    @property
    def requested_by(self) -> User | None:
        return self.job.requested_by

    @property
    def in_room(self) -> bool:
        return self.job.room is not None

    @property
    def room(self) -> Room:
        """The room that the job was submitted in. A kind with `needs_room` always has one, unless
        the room was deleted meanwhile: then the job is given up."""
        if self.job.room is None:
            raise GiveUp("The job's room is gone.")
        return self.job.room

    def progress(self, current: float, total: float | None = None, text: str = "") -> None:
        """Say how far it is. Cheap: call it as often as you like; the last value of a quarter of
        a second is shown. Also the place where a cancelled job stops. Raises ValueError for what is
        no finite number."""
        self.check_cancelled()
        self._attempt.report(
            {
                "current": storable.number(current),
                "total": None if total is None else storable.number(total),
                "text": graphemes.cut(self._said(text), TEXT_CHARACTERS),
            }
        )

    def check_cancelled(self) -> None:
        """Raise what stops this attempt, if something does: Cancelled, TimedOut, a shutdown."""
        self._window.check()

    def attach(self, name: str, content_type: str, content: bytes | File[bytes]) -> Attachment:
        """Add a file to the result. It is shown when the job has succeeded."""
        file: File[bytes] = (
            File(BytesIO(content), name=name) if isinstance(content, bytes) else content
        )
        if isinstance(content, bytes):
            file.size = len(content)
        with self._window.shut():
            row = files.attach(
                self.job.room,
                self.requested_by,
                self._said(name),
                storable.text(content_type),
                file,
            )
            with self._lock:
                self.files.append(row)
        return row

    async def aattach(
        self, name: str, content_type: str, content: bytes | File[bytes]
    ) -> Attachment:
        """`attach` for a kind that is a coroutine."""
        return await _aside(self.attach, name, content_type, content)

    def log(self, text: str, *args: object) -> None:
        """A line for those who run the site; kept with the attempt."""
        line = self._said(text % args if args else text)[:LOG_CHARACTERS]
        with self._lock:
            self._logged_lines += 1
            number = self._logged_lines
            kept = f"{timezone.now():%H:%M:%S.%f} {line}"
            self._log.append(kept)
            self._logged_characters += len(kept) + 1
            while self._logged_characters > LOG_CHARACTERS and len(self._log) > 1:
                self._logged_characters -= len(self._log.popleft()) + 1
        if number <= LINES_IN_THE_WORKERS_LOG:
            logger.info("job %s: %s", self.job.pk, line)
        elif number == LINES_IN_THE_WORKERS_LOG + 1:
            logger.info("job %s logs more than is written here", self.job.pk)

    def logged(self) -> str:
        """Its last lines."""
        with self._lock:
            return "\n".join(self._log)[-LOG_CHARACTERS:]

    def steps(self, steps: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Run the parts of the job side by side, one thread each, and return their results by name.

        Each part's state and result are kept and shown. If parts fail, the others still come to
        their end; then the first failure is raised. In the next attempt only the parts that have
        not succeeded run again.
        """
        return side_by_side(self, steps)

    async def asteps(self, steps: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """`steps` for a kind that is a coroutine. The parts are plain functions."""
        return await _aside(self.steps, steps)

    def ask(
        self,
        name: str,
        text: str,
        *,
        choices: Sequence[str] = (),
        who: str | None = None,
        within: float | timedelta = DAY,
        default: str | None = None,
    ) -> GivenAnswer:
        """Ask people, and wait for the answer without holding a worker: this attempt ends here, and
        the one after the answer gets it from the same call. So what stands before it runs again.

        `who` may answer: the `members` of the room if nothing is said, its `moderators`, or the
        `requester`, the only one for a job in no room. Without `choices` any text answers. When
        nobody has within the time (seconds or a timedelta) it is the `default`, or NotAnswered is
        raised. Raises ValueError for what cannot be asked.
        """
        self.check_cancelled()
        who = who or (Who.MEMBERS if self.in_room else Who.REQUESTER)
        seconds = within.total_seconds() if isinstance(within, timedelta) else within
        asked = asking.asked(name, text, choices, who, seconds, default)
        with self._window.shut():
            found = questions.recorded(self.job.pk, name)
        if found is None and who != Who.REQUESTER and not self.in_room:
            raise ValueError("a job in no room can ask its requester alone")
        if found is None and self.job.asked >= asking.MOST_QUESTIONS:
            raise GiveUp(f"A job asks at most {asking.MOST_QUESTIONS} questions.")
        if found is None or found.state == JobQuestion.State.OPEN:
            raise WaitsForAnswer(asked)
        if found.state == JobQuestion.State.ANSWERED:
            return GivenAnswer(found.answer, found.answered_by, found.answered_at)
        if default is None:
            raise NotAnswered(f"Nobody answered in time: {asked.text}")
        return GivenAnswer(default, None, None)

    async def aask(self, name: str, text: str, **how: Any) -> GivenAnswer:
        """`ask` for a kind that is a coroutine."""
        return await _aside(partial(self.ask, name, text, **how))

    def gather(
        self, name: str, wanted: Sequence[JobPart], *, required: bool = True
    ) -> list[PartResult]:
        """Have parts done by jobs of their own, side by side, and wait for all of them without
        holding a worker: this attempt ends here, and the one after the last of them has ended gets
        how they ended from the same call, in their order. So what stands before it runs again.

        Where one that is `required` does not succeed, the others are stopped and PartsFailed is
        raised; otherwise the results say which did. Made once for each `name`; a job that failed
        and is retried by hand has only those done again that did not succeed. Raises ValueError for
        names and numbers that cannot be, and GiveUp for what cannot be submitted.
        """
        self.check_cancelled()
        if not 0 < len(name) <= parts.NAME_CHARACTERS or storable.text(name) != name:
            raise ValueError(f"parts have a name of 1 to {parts.NAME_CHARACTERS} characters")
        if not 0 < len(wanted) <= parts.MOST_PARTS:
            raise ValueError(f"a job has 1 to {parts.MOST_PARTS} parts")
        with self._window.shut():
            made = parts.made(self.job.pk, name)
            if len(made) < len(wanted):
                try:
                    if not making.make(self.job, self.lease, name, wanted, required):
                        raise self.lost()
                except Refusal as refusal:
                    raise GiveUp(refusal.message) from None
        if len(made) < len(wanted) or not all(row.finished for row in made):
            raise WaitsForParts
        results = [parts.result_of(row) for row in made]
        failed = [each for each in results if not each.succeeded]
        if failed and required:
            raise PartsFailed(failed)
        return results

    async def agather(
        self, name: str, wanted: Sequence[JobPart], *, required: bool = True
    ) -> list[PartResult]:
        """`gather` for a kind that is a coroutine."""
        return await _aside(partial(self.gather, name, wanted, required=required))

    def earlier(self) -> list[PartResult]:
        """Where this job is a part: how the parts ended that its job had done before, in their
        order. A job that collects what others found begins with this."""
        with self._window.shut():
            return parts.earlier(self.job)

    async def aearlier(self) -> list[PartResult]:
        """`earlier` for a kind that is a coroutine."""
        return await _aside(self.earlier)

    def interrupted(self) -> bool:
        return self._window.wanted is not None

    def lost(self) -> LeaseLost:
        """Something was not written because the lease is gone: stop everything."""
        self._window.ask(LeaseLost)
        return LeaseLost()


async def _aside(call: Callable[..., T], *args: Any) -> T:
    """In a thread, beside the loop. Whoever is cancelled meanwhile waits until it has come to its
    end: what it writes is not left behind."""

    def in_thread() -> T:
        try:
            return call(*args)
        finally:
            close_connections()

    work = asyncio.ensure_future(asyncio.to_thread(in_thread))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        with suppress(BaseException):
            await work
        raise
