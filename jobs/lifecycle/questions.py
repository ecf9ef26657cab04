"""How a question is settled: by an answer, or by the time that has passed. The job goes back to its
queue in the same transaction. It is asked by the end of an attempt, see `attempts`.

Called by `actions` (people), `sweeper` (time) and the context of kinds, which looks up what was
answered. Of any number of answers the first counts: the job leaves `waiting` once.
"""

from collections.abc import Callable, Collection
from uuid import UUID

from jobs.models import Job, JobQuestion, State
from rooms.core import statements
from rooms.models import User
from rooms.protocol import Conflict

from . import doorbell
from .asking import answer_to
from .changes import changing, changing_many, prefetched
from .transitions import Queued

Open, Answered = JobQuestion.State.OPEN, JobQuestion.State.ANSWERED
# Raises Refusal. Called while the job's room is held.
Require = Callable[[Job, JobQuestion], None]


def recorded(job_id: UUID, name: str) -> JobQuestion | None:
    """What the job asked under this name, with who answered."""
    rows = JobQuestion.objects.select_related("answered_by")
    return rows.filter(job=job_id, name=name).first()


def answer(job_id: UUID, question_id: UUID, given: str, by: User, require: Require) -> Job:
    """The job, queued again. The same person's same answer once more changes nothing. Raises
    Refusal, and Conflict where the question is settled or was never asked."""
    with changing(job_id) as change:
        job = change.job
        question = _find(job, question_id)
        require(job, question)
        words = answer_to(question, given)
        if (question.answered_by_id, question.answer) == (by.pk, words):
            return job
        won = question.state == Open and job.move(
            State.QUEUED, sources=[State.WAITING], **change.queued()
        )
        if not won:
            raise settled(_find(job, question_id))
        JobQuestion.objects.filter(pk=question.pk).update(
            state=Answered, answer=words, answered_by=by, answered_at=change.logs.at
        )
        change.reload("questions")
        doorbell.ring_on_commit([job])
        change.tell()
    return job


def _find(job: Job, question_id: UUID) -> JobQuestion:
    rows = JobQuestion.objects.select_related("answered_by")
    found = rows.filter(pk=question_id, job=job).first()
    if found is None:
        raise Conflict("The job does not ask this any more.")
    return found


def settled(question: JobQuestion) -> Conflict:
    """Why an answer comes too late."""
    if question.state == Answered:
        who = question.answered_by.name if question.answered_by else "Somebody"
        return Conflict(f"{who} has answered already: {question.answer[:100]}")
    if question.state == JobQuestion.State.EXPIRED:
        return Conflict("The time to answer is over.")
    return Conflict("The job does not wait for an answer any more.")


def queue_unanswered(job_ids: Collection[UUID]) -> int:
    """Jobs whose question nobody has answered in time go to their queues; returns how many."""
    queued, late, adrift = [], [], []
    with changing_many(job_ids) as changes:
        for question in statements.select(JobQuestion, job_id=list(changes)):
            change = changes[question.job_id]
            job, at = change.job, change.logs.at
            if question.state != Open or question.expires_at > at:
                continue
            if job.state != State.WAITING:
                # Nothing here leaves one behind; it would be found again by every sweep.
                adrift.append(question.pk)
                continue
            job.state, job.queued_at, job.rung_at, job.due_at = State.QUEUED, at, at, None
            for shown in prefetched(job).get("questions", ()):
                if shown.pk == question.pk:
                    shown.state = JobQuestion.State.EXPIRED
            change.tell()
            queued.append(job)
            late.append(question.pk)
        statements.update(Job, [Queued(State.QUEUED, at, at, None, job.pk) for job in queued])
        JobQuestion.objects.filter(pk__in=late).update(state=JobQuestion.State.EXPIRED)
        JobQuestion.objects.filter(pk__in=adrift).update(state=JobQuestion.State.WITHDRAWN)
        doorbell.ring_on_commit(queued)
    return len(queued)
