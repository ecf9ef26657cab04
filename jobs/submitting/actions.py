"""What people do with jobs: submit, answer, cancel, retry. Called by REST, the socket, the slash
commands and the admin; each decides by `policy` and `admission` and writes through `transitions`.
"""

from uuid import UUID

from django.db import connection, transaction

from jobs import registry
from jobs.lifecycle import doorbell, questions, transitions
from jobs.models import Job, JobQuestion
from jobs.policy import answer_action
from rooms.core import policy
from rooms.core.policy import Facts
from rooms.models import User
from rooms.protocol import Conflict, NotFound, Refusal

from . import admission, insertion, intake, submission
from .insertion import Submitted, facts_of
from .submission import Submission as Submission
from .submission import checked_params as checked_params

# How often cancelling looks again at a job that moves between waiting and running.
CANCEL_ATTEMPTS = 5


def submit(wanted: Submission) -> tuple[Job, bool]:
    """The job, and whether it is new. Raises Refusal.

    It is committed and rung for. Inside a transaction of the caller's it is a part of that
    instead: rung for when that is committed, and never there when it is rolled back."""
    done = submit_for_answer(wanted, keeps_answer=False)
    return done.job, done.new


def submit_for_answer(wanted: Submission, *, keeps_answer: bool = True) -> Submitted:
    """The same, with all that REST answers; what it does is kept under the key."""
    checked = submission.checked(wanted, keeps_answer=keeps_answer)
    if not connection.in_atomic_block:
        return intake.submit(checked)
    # Others do not wait for a transaction of which nobody knows how long it takes.
    loads = admission.loads({checked.kind.queue})
    with transaction.atomic():
        outcomes, gate = insertion.insert_in_transaction([checked], loads)
        outcome = outcomes[0]
        if isinstance(outcome, Refusal):
            raise outcome
        if outcome.rings:
            doorbell.ring_on_commit([outcome.job])
    transaction.on_commit(gate.count)
    return outcome


# Looking up and changing ------------------------------------------------------------------------


def find(user: User, job_id: UUID) -> tuple[Job, Facts]:
    """A job that `user` may see, with what the rules want to know of both, or NotFound."""
    job = Job.objects.with_relations().filter(pk=job_id).first()
    if job is not None:
        facts = facts_of(user, job)
        if policy.allows("job.see", facts):
            return job, facts
    raise gone(job_id)


def gone(job_id: UUID) -> NotFound:
    """It never was, is hidden, or has been pruned."""
    return NotFound(f"There is no job {job_id}, or you may not see it.")


def cancel(user: User, job_id: UUID) -> Job:
    """A waiting job ends at once, a running one is asked to stop; an ended one stays as it is."""
    job, facts = find(user, job_id)
    policy.require("job.cancel", facts)
    for _ in range(CANCEL_ATTEMPTS):
        if job.finished:
            return job
        moved = transitions.cancel_unclaimed(job.pk, user) or transitions.ask_to_stop(job.pk, user)
        if moved is not None:
            return moved
        job, _ = find(user, job_id)
    raise Refusal("The job changes too fast to be cancelled. Try again.", temporary=True)


def answer(user: User, job_id: UUID, question_id: UUID, given: str) -> Job:
    """The first answer to what a job asks; the job goes on. Raises Conflict when it is too late."""

    def require(job: Job, question: JobQuestion) -> None:
        policy.require(answer_action(question), facts_of(user, job))

    find(user, job_id)
    return questions.answer(job_id, question_id, given, user, require)


def run_now(user: User, job_id: UUID) -> Job:
    """A job that waits for its time, scheduled or between two attempts, goes to its queue."""
    job, facts = find(user, job_id)
    policy.require("job.retry", facts)
    if not transitions.queue_due([job.pk], early=True):
        raise Conflict("Only a job that waits for its time can be run before it.")
    return find(user, job_id)[0]


def retry(user: User, job_id: UUID) -> Job:
    """Give a failed or cancelled job a new budget of attempts. Counts as a submission."""
    job, facts = find(user, job_id)
    policy.require("job.retry", facts)
    kind = registry.get(job.kind)
    if not job.spoilt:
        raise Conflict(f"Only a failed or cancelled job can be retried; this one is {job.state}.")
    if kind.has_secret_params:
        raise Conflict("Its secret params were forgotten when it ended. Submit it again.")
    with transaction.atomic():
        admission.admit_in_transaction(user, kind.queue)
        try:
            again = transitions.begin_again(job.pk, kind.max_attempts)
        except Job.DoesNotExist:
            raise gone(job_id) from None
        if again is None:
            raise Conflict("Somebody else has just retried this job.")
    return again
