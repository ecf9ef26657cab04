"""The way of a submission into the database: those that wait at the same moment, from any thread of
this process, share a transaction.

There is no thread for it. Whoever comes while nothing is being written writes, what waits by then
included, and then the first of those who came meanwhile does the same: a process with little to do
neither waits nor hands over. Each gets an outcome of their own, and what no database takes fails
alone. Nobody waits longer than `answer_seconds`; what was given up while it was being written may
still come to be, and is found by its key. Called by `actions.submit`.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from django.db import transaction

from jobs.lifecycle import doorbell
from rooms.database import trouble
from rooms.limits import limits
from rooms.protocol import Busy, Conflict, Refusal

from . import admission, insertion
from .insertion import SubmissionOutcome, Submitted
from .submission import Checked

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Of one transaction: bounds how long later ones wait for it.
JOBS_PER_TRANSACTION = 100
# More than a process has threads that wait.
CAPACITY = 1_000
UNDER_WAY = "The first request with this idempotency key is under way."


@dataclass(eq=False)
class WaitingSubmission:
    """A submission on its way, or with none a call that writes something of its own. `woken` when
    it has an outcome, or is to write."""

    checked: Checked | None
    woken: threading.Event = field(default_factory=threading.Event)
    outcome: SubmissionOutcome | BaseException | None = None
    writes: bool = False


class Intake:
    """Used from any thread that is in no transaction."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._waiting: deque[WaitingSubmission] = deque()
        # All that have no outcome yet, by what they intend; only of those with a key.
        self._intended: dict[tuple[int, str], int] = {}
        self._is_writing = False
        self._seconds_per_job = 0.005

    def submit(self, checked: Checked) -> Submitted:
        """The job, committed and rung for. Raises its refusal, or what the database raises."""
        waiting = WaitingSubmission(checked)
        self._intend(checked)
        try:
            self._queue(waiting)
            if waiting.writes:
                self._write()
        finally:
            self._forget(checked)
        if isinstance(waiting.outcome, BaseException):
            raise waiting.outcome
        assert waiting.outcome is not None
        return waiting.outcome

    def alone(self, write: Callable[[], T]) -> T:
        """Call something that writes when its turn has come, while nobody else of this process
        writes jobs. Raises Busy, or what it raises."""
        waiting = WaitingSubmission(None)
        self._queue(waiting)
        if not waiting.writes:
            assert isinstance(waiting.outcome, Refusal)
            raise waiting.outcome
        with self._lock:
            self._waiting.popleft()
        try:
            return write()
        finally:
            with self._lock:
                self._pass_on()

    def _queue(self, waiting: WaitingSubmission) -> None:
        """Wait for an outcome, or to be the one who writes."""
        with self._lock:
            if len(self._waiting) >= self._capacity:
                raise Busy("Too many jobs are waiting to be written.", self._retry_after)
            self._waiting.append(waiting)
            if not self._is_writing:
                self._is_writing = waiting.writes = True
                return
        try:
            in_time = waiting.woken.wait(limits().answer_seconds)
        except BaseException:
            # A kind that submits may be stopped here.
            with self._lock:
                self._withdraw(waiting)
            raise
        if not in_time:
            with self._lock:
                if waiting.woken.is_set():
                    return
                self._withdraw(waiting)
            waiting.outcome = Busy(trouble.SILENT, trouble.RETRY_AFTER_SECONDS)

    def _withdraw(self, waiting: WaitingSubmission) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        if waiting.writes:
            self._pass_on()

    def _pass_on(self) -> None:
        """It is the next one's turn to write."""
        if self._waiting:
            self._waiting[0].writes = True
            self._waiting[0].woken.set()
        else:
            self._is_writing = False

    def _intend(self, checked: Checked) -> None:
        if not checked.wanted.key:
            return
        with self._lock:
            under_way = self._intended.get(checked.intention, 0)
            if under_way and checked.keeps_answer:
                raise Conflict(UNDER_WAY, temporary=True, retry_after=1.0)
            self._intended[checked.intention] = under_way + 1

    def _forget(self, checked: Checked) -> None:
        if not checked.wanted.key:
            return
        with self._lock:
            left = self._intended[checked.intention] - 1
            if left:
                self._intended[checked.intention] = left
            else:
                del self._intended[checked.intention]

    @property
    def _retry_after(self) -> float:
        """Seconds until half of what waits is written, as measured lately."""
        return min(30.0, max(1.0, len(self._waiting) / 2 * self._seconds_per_job))

    # Whoever writes -------------------------------------------------------------------------------

    def _write(self) -> None:
        """One transaction for what waits, one's own first; then somebody else's turn comes."""
        batch: list[WaitingSubmission] = []
        wanted: list[Checked] = []
        with self._lock:
            while self._waiting and len(batch) < JOBS_PER_TRANSACTION:
                checked = self._waiting[0].checked
                if checked is None:
                    break
                wanted.append(checked)
                batch.append(self._waiting.popleft())
        started = monotonic()
        outcomes: Sequence[SubmissionOutcome | BaseException] = []
        try:
            outcomes = written(wanted)
        except BaseException as error:
            # Such as the end of this thread: the others are told, and go on.
            outcomes = [error] + [
                Busy(trouble.SILENT, trouble.RETRY_AFTER_SECONDS) for _ in batch[1:]
            ]
        finally:
            spent = (monotonic() - started) / len(batch)
            with self._lock:
                self._seconds_per_job += (spent - self._seconds_per_job) * 0.1
                for waiting, outcome in zip(batch, outcomes, strict=True):
                    waiting.outcome = outcome
                    waiting.woken.set()
                self._pass_on()
        ring = [each.job for each in outcomes if isinstance(each, Submitted) and each.rings]
        doorbell.ring(ring)


def written(wanted: Sequence[Checked]) -> list[SubmissionOutcome | BaseException]:
    """All of them together, or, where that fails and it is not the database, each alone. The first
    is this thread's own: what the database raises is raised to it as it is."""
    try:
        return list(write(wanted))
    except Exception as error:
        busy = trouble.busy(error)
        if busy is not None:
            return [error, *(busy for _ in wanted[1:])]
        if len(wanted) == 1:
            logger.warning("A job could not be written: %r", error)
            return [error]
    outcomes: list[SubmissionOutcome | BaseException] = []
    for each in wanted:
        # A database that goes away meanwhile is not waited for by each of them.
        last = outcomes[-1] if outcomes else None
        busy = trouble.busy(last) if isinstance(last, BaseException) else None
        outcomes += [busy] if busy is not None else written([each])
    return outcomes


def write(wanted: Sequence[Checked]) -> list[SubmissionOutcome]:
    """In a transaction of their own; nobody has rung yet. Raises what the database raises."""
    loads = admission.loads({each.kind.queue for each in wanted})
    with transaction.atomic():
        outcomes, gate = insertion.insert_in_transaction(wanted, loads)
    gate.count()
    return outcomes


_intake = Intake()
submit = _intake.submit
alone = _intake.alone
