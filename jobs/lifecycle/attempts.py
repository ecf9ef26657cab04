"""How attempts begin and end: any number of them in one transaction, each fenced by its own lease.

With a job go its attempt, the room's log, and at the end the message in the room. Nothing is told
that was not committed, nothing committed is untold. Called by workers (`running.clerk`) and by the
sweeper. Whoever lost a race writes nothing, and is told so by None. So is who wants to begin a job
that is paused, or has to wait for others of its key: it stays queued, and is rung for then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from jobs import registry
from jobs.limits import job_limits
from jobs.models import FINISHED, Attempt, Job, JobQuestion, Outcome, State, Step, Who, Worker
from rooms.core import statements

from . import doorbell, ended, holding, requesters, telling
from .asking import NewQuestion
from .changes import JobChange, changing_many, prefetched
from .verdict import Ending, JobHistory, judge


@dataclass(frozen=True)
class Claim:
    """A worker's right to a job, as long as the lease of its process lasts. `refused`: why it is
    not to be done any more; the attempt ends with that."""

    job: Job
    lease: UUID
    refused: str = ""


class Begin(NamedTuple):
    """What is to be begun, and the lease that it gets. The same again finds its own claim."""

    job_id: UUID
    lease: UUID


class End(NamedTuple):
    """What is to be written of an attempt that is over. `number`: of the attempt, where it is
    known."""

    job_id: UUID
    lease: UUID
    ending: Ending
    number: int = 0


class _Begun(NamedTuple):
    """What becomes of the row of a job whose attempt begins."""

    state: State
    attempt: int
    worker_id: UUID
    lease_token: UUID
    lease_expires_at: None
    started_at: datetime
    progress: None
    error_class: str
    error_message: str
    pk: UUID


class _NewAttempt(NamedTuple):
    job_id: UUID
    number: int
    worker: str
    started_at: datetime


class _Ended(NamedTuple):
    """What becomes of the row of a job whose attempt is over."""

    state: State
    worker_id: None
    lease_token: None
    lease_expires_at: None
    losses: int
    asked: int
    max_attempts: int
    secret_params: dict[str, Any] | None
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error_class: str
    error_message: str
    queued_at: datetime | None
    rung_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    unique_key: str | None
    pk: UUID


class _QuestionRow(NamedTuple):
    id: UUID
    job_id: UUID
    name: str
    text: str
    choices: list[str]
    who: Who
    state: str
    asked_at: datetime
    expires_at: datetime


class _EndedAttempt(NamedTuple):
    ended_at: datetime
    outcome: Outcome
    error_class: str
    error_path: str
    message: str
    traceback: str
    log: str
    job_id: UUID
    number: int


@dataclass(frozen=True)
class Written:
    """What came of each, in the order in which they were given."""

    claims: list[Claim | None]
    ended: list[Job | None]


def write(
    worker: Worker | None,
    begins: Sequence[Begin] = (),
    ends: Sequence[End] = (),
    room_ids: Mapping[UUID, int | None] | None = None,
) -> Written:
    """Begin attempts by `worker`, and end others, in one transaction. A job that is not there to be
    taken is not claimed; an end whose lease has gone is not written. May be called again when it is
    not known whether it was committed.
    """
    wanted = {begin.job_id for begin in begins} | {end.job_id for end in ends}
    batch = _Batch(worker)
    with changing_many(wanted, room_ids, claims=bool(begins)) as changes:
        # Ends first: what goes back to its queue may be taken again at once.
        ended = [batch.end(changes.get(end.job_id), end) for end in ends]
        batch.give_places(changes[begin.job_id].job for begin in begins if begin.job_id in changes)
        begun = [batch.begin(changes.get(begin.job_id), begin) for begin in begins]
        refused = requesters.refusals(claim.job for claim in begun if claim is not None)
        if refused:
            begun = [
                claim and replace(claim, refused=refused.get(claim.job.pk, "")) for claim in begun
            ]
        batch.write()
    return Written(begun, ended)


def claim(job_id: UUID, worker: Worker) -> Claim | None:
    """Begin the next attempt; None when the job is not there to be taken."""
    return write(worker, begins=[Begin(job_id, uuid4())]).claims[0]


def end(job_id: UUID, lease: UUID, ending: Ending) -> Job | None:
    """Write how an attempt ended and what becomes of the job. None: the lease is somebody else's,
    and nothing was written."""
    return write(None, ends=[End(job_id, lease, ending)]).ended[0]


class _Batch:
    """The rows of one transaction, gathered from one job after the other."""

    def __init__(self, worker: Worker | None) -> None:
        self._worker = worker
        self._begun: list[_Begun] = []
        self._attempts: list[_NewAttempt] = []
        self._ended: list[_Ended] = []
        self._ended_attempts: list[_EndedAttempt] = []
        self._questions: list[_QuestionRow] = []
        self._stopped: list[UUID] = []
        self._final: list[Job] = []
        self._waiting: list[Job] = []
        self._at: datetime | None = None
        self._held: set[UUID] = set()

    def give_places(self, jobs: Iterable[Job]) -> None:
        """Of these only those are begun that need not wait for others of their key."""
        keyed = [job for job in jobs if holding.most_at_once(job) and job.state == State.QUEUED]
        if keyed:
            leaving = {row.pk for row in self._ended}
            placed = holding.may_begin_in_transaction(keyed, leaving)
            self._held = {job.pk for job in keyed} - placed

    def begin(self, change: JobChange | None, begin: Begin) -> Claim | None:
        if change is None or self._worker is None:
            return None
        job, now = change.job, change.logs.at
        if job.lease_token == begin.lease:
            return Claim(job, begin.lease)
        if job.state != State.QUEUED or getattr(job, "is_paused", False):
            return None
        if job.pk in self._held:
            return None
        begun = _Begun(
            State.RUNNING,
            attempt=job.attempt + 1,
            worker_id=self._worker.pk,
            lease_token=begin.lease,
            lease_expires_at=None,
            started_at=now,
            progress=None,
            error_class="",
            error_message="",
            pk=job.pk,
        )
        _take_over(job, begun)
        self._begun.append(begun)
        self._attempts.append(_NewAttempt(job.pk, job.attempt, str(self._worker)[:120], now))
        change.tell()
        return Claim(job, begin.lease)

    def end(self, change: JobChange | None, end: End) -> Job | None:
        if change is None:
            return None
        job, now, ending = change.job, change.logs.at, end.ending
        if job.state != State.RUNNING or job.lease_token != end.lease:
            return job if _was_written(end) else None
        values = _after(change, ending)
        self._ended_attempts.append(_ended_attempt(job, ending, now))
        if ending.outcome != Outcome.SUCCEEDED:
            self._stopped.append(job.pk)
            self._at = now
            for step in prefetched(job).get("steps", ()):
                if step.state == Step.State.RUNNING:
                    step.state, step.ended_at = Step.State.STOPPED, now
        _take_over(job, values)
        self._ended.append(values)
        holding.ring_next_on_commit([job])
        if job.finished:
            self._final.append(job)
        if job.state == State.QUEUED:
            doorbell.ring_on_commit([job])
        if job.state == State.WAITING and ending.question is not None:
            self._ask(change, ending.question)
        else:
            if job.state == State.WAITING:
                self._waiting.append(job)
            telling.finish(change, ending.files if job.state == State.SUCCEEDED else [])
        return job

    def _ask(self, change: JobChange, asked: NewQuestion) -> None:
        """Show the question with the job, and say it in the room, where the job's card may be far
        above."""
        job, now = change.job, change.logs.at
        row = _QuestionRow(
            uuid4(),
            job_id=job.pk,
            name=asked.name,
            text=asked.text,
            choices=list(asked.choices),
            who=asked.who,
            state=JobQuestion.State.OPEN,
            asked_at=now,
            expires_at=now + timedelta(seconds=asked.within),
        )
        self._questions.append(row)
        prefetched(job).setdefault("questions", []).append(JobQuestion(**row._asdict()))
        change.tell()
        telling.say(change, f"{job.title} asks: {asked.line}", as_written=True)

    def write(self) -> None:
        """A job that went back to its queue and was taken again is written in this order."""
        statements.update(Job, self._ended)
        statements.update(Attempt, self._ended_attempts, by=("job_id", "number"))
        if self._stopped:
            running = Step.objects.filter(job__in=self._stopped, state=Step.State.RUNNING)
            running.update(state=Step.State.STOPPED, ended_at=self._at)
        statements.insert(JobQuestion, self._questions)
        forget_results(self._final)
        ended.tell([*self._final, *self._waiting])
        statements.update(Job, self._begun)
        statements.insert(Attempt, self._attempts)


def forget_results(jobs: Collection[Job]) -> None:
    """Secret results of steps, which the next attempt would have needed."""
    kinds = {job.kind: registry.find(job.kind) for job in jobs}
    secret = [job.pk for job in jobs if (kind := kinds[job.kind]) is None or kind.has_secrets]
    if secret:
        kept = Step.objects.filter(job__in=secret, secret_result__isnull=False)
        kept.update(secret_result=None)


def _was_written(end: End) -> bool:
    """Whether an earlier try, of which no answer came, has written this end."""
    by_worker = end.number and end.ending.outcome != Outcome.LOST
    return bool(by_worker) and (
        Attempt.objects.filter(job=end.job_id, number=end.number, outcome=end.ending.outcome)
        .exclude(ended_at=None)
        .exists()
    )


def _take_over(job: Job, values: Any) -> None:
    """The row as it will be. By hand: `setattr` of a foreign key's column forgets its object."""
    for name, value in zip(values._fields, values, strict=True):
        if name != "pk":
            setattr(job, name, value)


def _after(change: JobChange, ending: Ending) -> _Ended:
    """What becomes of the job."""
    job, now = change.job, change.logs.at
    losses = job.losses + (ending.outcome == Outcome.LOST)
    history = JobHistory(job.attempt, job.max_attempts, losses, job.cancel_requested_at is not None)
    backoff = partial(registry.delay, job.kind)
    verdict = judge(ending, history, job_limits().job_losses, backoff)
    failure = ending.failure if verdict.state != State.CANCELLED else None
    due, final = verdict.state == State.RETRYING, verdict.state in FINISHED
    queued = change.queued() if verdict.state == State.QUEUED else {}
    return _Ended(
        verdict.state,
        worker_id=None,
        lease_token=None,
        lease_expires_at=None,
        losses=losses,
        asked=job.asked + (ending.question is not None and verdict.state == State.WAITING),
        max_attempts=job.max_attempts + verdict.free,
        secret_params=None if final else job.secret_params,
        progress=ending.progress or job.progress,
        result=ending.result if final else job.result,
        error_class=failure.error_class if failure else "",
        error_message=failure.message if failure else "",
        queued_at=queued.get("queued_at", job.queued_at),
        rung_at=queued.get("rung_at", job.rung_at),
        due_at=now + timedelta(seconds=verdict.delay) if due else None,
        finished_at=now if final else job.finished_at,
        unique_key=None if final else job.unique_key,
        pk=job.pk,
    )


def _ended_attempt(job: Job, ending: Ending, now: datetime) -> _EndedAttempt:
    failure = ending.failure
    return _EndedAttempt(
        now,
        outcome=ending.outcome,
        error_class=failure.error_class if failure else "",
        error_path=failure.path if failure else "",
        message=failure.message if failure else "",
        traceback=failure.traceback if failure else "",
        log=ending.log,
        job_id=job.pk,
        number=job.attempt,
    )
