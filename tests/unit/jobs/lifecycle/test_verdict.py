"""What becomes of a job whose attempt has ended."""

import pytest

from jobs.lifecycle.verdict import Ending, JobHistory, Verdict, judge
from jobs.models import Outcome, State


def verdict(
    ending: Ending,
    attempt: int = 1,
    max_attempts: int = 3,
    losses: int = 0,
    cancel_requested: bool = False,
) -> Verdict:
    history = JobHistory(attempt, max_attempts, losses, cancel_requested)
    return judge(ending, history, most_losses=3, backoff=lambda attempt: 10.0 * attempt)


def test_success_is_success_even_when_a_cancel_came_too_late() -> None:
    assert verdict(Ending(Outcome.SUCCEEDED), cancel_requested=True).state == State.SUCCEEDED


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT])
def test_a_failure_is_tried_again_after_the_backoff(outcome: Outcome) -> None:
    assert verdict(Ending(outcome), attempt=2) == Verdict(State.RETRYING, delay=20.0)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST])
def test_the_last_attempt_is_the_last(outcome: Outcome) -> None:
    assert verdict(Ending(outcome), attempt=3).state == State.FAILED


def test_giving_up_ends_it_at_once() -> None:
    assert verdict(Ending(Outcome.FAILED, give_up=True)).state == State.FAILED


@pytest.mark.parametrize(
    "outcome",
    [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.INTERRUPTED, Outcome.POSTPONED],
)
def test_what_was_to_be_cancelled_is_not_tried_again(outcome: Outcome) -> None:
    assert verdict(Ending(outcome), cancel_requested=True).state == State.CANCELLED


def test_a_lost_attempt_goes_to_the_queue_at_once() -> None:
    assert verdict(Ending(Outcome.LOST), losses=1) == Verdict(State.QUEUED)


def test_a_job_that_loses_its_workers_is_given_up() -> None:
    assert verdict(Ending(Outcome.LOST), losses=3, max_attempts=20).state == State.FAILED


def test_an_interruption_does_not_use_up_the_attempt() -> None:
    found = verdict(Ending(Outcome.INTERRUPTED), attempt=3, max_attempts=3)
    assert found == Verdict(State.QUEUED, free=True)


def test_a_postponed_job_waits_as_long_as_it_asked_for() -> None:
    found = verdict(Ending(Outcome.POSTPONED, retry_in=42), attempt=3, max_attempts=3)
    assert found == Verdict(State.RETRYING, delay=42, free=True)
