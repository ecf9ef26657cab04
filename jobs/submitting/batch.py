"""Many submissions in one request: all of them or none, or each for itself. Called by REST.

A batch goes the way of the others (`intake`), so that it and they do not hold each other up: what
is for each goes in transactions of a hundred, what is for all in one.
"""

import logging
from collections.abc import Sequence
from functools import partial

from django.db import transaction

from jobs.lifecycle import doorbell
from rooms.database import trouble
from rooms.protocol import Busy, Invalid, RateLimited, Refusal
from rooms.protocol.refusals import MOST_PROBLEMS

from . import admission, insertion, intake
from .insertion import SubmissionOutcome, Submitted
from .submission import Checked, Submission, checked

logger = logging.getLogger(__name__)

MOST_JOBS = 1_000
# Lasting, or a client would send it again for ever.
NOT_WRITTEN = Invalid("This job cannot be kept.")


def submit_each(wanted: Sequence[Submission]) -> list[SubmissionOutcome]:
    """What came of each, in order: committed, and rung for."""
    outcomes: list[SubmissionOutcome | None] = []
    good: list[tuple[int, Checked]] = []
    for index, submission in enumerate(wanted):
        try:
            good.append((index, checked(submission)))
            outcomes.append(None)
        except Refusal as refusal:
            outcomes.append(refusal)
    for start in range(0, len(good), intake.JOBS_PER_TRANSACTION):
        some = good[start : start + intake.JOBS_PER_TRANSACTION]
        written = _some_written([each for _, each in some])
        for (index, _), outcome in zip(some, written, strict=True):
            outcomes[index] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _some_written(some: Sequence[Checked]) -> list[SubmissionOutcome]:
    """What is there already stays, whatever happens to what comes later: so nothing is raised."""
    try:
        written = intake.alone(partial(intake.written, some))
    except Busy as busy:
        return [busy for _ in some]
    outcomes = [_as_outcome(each) for each in written]
    _ring(outcomes)
    return outcomes


def _as_outcome(outcome: SubmissionOutcome | BaseException) -> SubmissionOutcome:
    if isinstance(outcome, Submitted | Refusal):
        return outcome
    return trouble.busy(outcome) or NOT_WRITTEN


def submit_all(wanted: Sequence[Submission]) -> list[Submitted]:
    """All of them in one transaction, or a refusal that points at each fault, and nothing."""
    good, faults = [], []
    for index, submission in enumerate(wanted):
        try:
            good.append(checked(submission))
        except Refusal as refusal:
            faults.append((index, refusal))
    if faults:
        raise _refused(faults, len(wanted))
    done = intake.alone(partial(_all_written, good))
    _ring(done)
    return done


def _all_written(good: Sequence[Checked]) -> list[Submitted]:
    loads = admission.loads({each.kind.queue for each in good})
    with transaction.atomic():
        outcomes, gate = insertion.insert_in_transaction(good, loads)
        faults = [
            (index, outcome)
            for index, outcome in enumerate(outcomes)
            if isinstance(outcome, Refusal)
        ]
        if faults:
            raise _refused(faults, len(good))
    gate.count()
    return [outcome for outcome in outcomes if isinstance(outcome, Submitted)]


def _ring(outcomes: Sequence[SubmissionOutcome]) -> None:
    doorbell.ring(each.job for each in outcomes if isinstance(each, Submitted) and each.rings)


def _refused(faults: Sequence[tuple[int, Refusal]], count: int) -> Refusal:
    """One refusal of them all: for good if any of them is, else for as long as the longest."""
    index, first = next((fault for fault in faults if not fault[1].temporary), faults[0])
    message = f"{len(faults):,} of {count:,} jobs are refused, so none was taken. /jobs/{index}: "
    errors = [
        {"pointer": f"/jobs/{number}{pointer}", "message": text}
        for number, refusal in faults[:MOST_PROBLEMS]
        for pointer, text in _findings(refusal)
    ][:MOST_PROBLEMS]
    message += first.message
    if not first.temporary:
        return Invalid(message, errors=errors)
    seconds = max(refusal.retry_after or 1.0 for _, refusal in faults)
    kind = RateLimited if any(isinstance(each, RateLimited) for _, each in faults) else Busy
    refused: Refusal = kind(message, seconds)
    refused.errors = errors
    return refused


def _findings(refusal: Refusal) -> list[tuple[str, str]]:
    if not refusal.errors:
        return [("", refusal.message)]
    return [(item["pointer"], item["message"]) for item in refusal.errors]
