"""What becomes of a job whose attempt has ended. Pure: `transitions` carries the verdict out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jobs.models import Outcome, State
from rooms.models import Attachment

from .asking import NewQuestion


@dataclass(frozen=True)
class Failure:
    """What people are told, and what the staff are."""

    error_class: str
    message: str
    traceback: str = ""
    # Where the class is, as `module.Class`.
    path: str = ""


@dataclass
class Ending:
    """How an attempt ended, as its worker saw it, or the sweeper in its place.

    `retry_in` is the delay that the kind asked for; `give_up` says that another attempt is useless.
    `question` is what the job waits to be answered.
    """

    outcome: Outcome
    failure: Failure | None = None
    result: dict[str, Any] | None = None
    retry_in: float | None = None
    give_up: bool = False
    question: NewQuestion | None = None
    files: list[Attachment] = field(default_factory=list)
    progress: dict[str, Any] | None = None
    log: str = ""


@dataclass(frozen=True)
class JobHistory:
    """What the job has behind it, the attempt that has just ended included."""

    attempt: int
    max_attempts: int
    losses: int
    cancel_requested: bool


@dataclass(frozen=True)
class Verdict:
    """`delay` is for `retrying`. A `free` attempt does not count against `max_attempts`."""

    state: State
    delay: float = 0.0
    free: bool = False


def judge(
    ending: Ending, history: JobHistory, most_losses: int, backoff: Callable[[int], float]
) -> Verdict:
    """Cancelling beats every other ending but success.

    A lost attempt goes back to the queue at once, because waiting would not make its worker more
    reliable; a job that has lost `most_losses` workers is taken for their killer and fails.
    """
    outcome = ending.outcome
    if outcome == Outcome.SUCCEEDED:
        return Verdict(State.SUCCEEDED)
    if outcome == Outcome.CANCELLED or history.cancel_requested:
        return Verdict(State.CANCELLED)
    if outcome == Outcome.INTERRUPTED:
        return Verdict(State.QUEUED, free=True)
    if outcome == Outcome.POSTPONED:
        return Verdict(State.RETRYING, delay=ending.retry_in or 0.0, free=True)
    if outcome in (Outcome.ASKED, Outcome.FANNED_OUT):
        return Verdict(State.WAITING, free=True)
    if ending.give_up or history.attempt >= history.max_attempts:
        return Verdict(State.FAILED)
    if outcome == Outcome.LOST:
        poisonous = history.losses >= most_losses
        return Verdict(State.FAILED if poisonous else State.QUEUED)
    return Verdict(State.RETRYING, delay=backoff(history.attempt))
