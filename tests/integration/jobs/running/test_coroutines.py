"""Kinds that are `async def`, on the loop beside the threads."""

import threading

import pytest

from jobs.models import Job, Outcome, State, Step
from jobs.running import crew, runner
from jobs.running.interruption import HandedBack
from jobs.submitting import actions
from rooms.models import User
from tests.integration.jobs.conftest import PROCESS, fresh, outcomes
from tests.support.waiting import until
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "test.coroutine"


def in_thread(job: Job) -> threading.Thread:
    """The attempt is under way as in a pool of threads."""
    thread = threading.Thread(target=runner.run, args=(job.pk, PROCESS))
    thread.start()
    until(lambda: crew.is_busy() and crew.of(PROCESS).running()[0].progress, what="it has begun")
    return thread


def test_a_coroutine_succeeds(submit: Submit, run: Run) -> None:
    job = run(submit("ok", kind=KIND, value="x"))
    assert (job.state, job.result) == (
        State.SUCCEEDED,
        {"summary": "Coroutine is done.", "value": "x"},
    )


@pytest.mark.parametrize(
    ("outcome", "state", "error"),
    [("error", State.RETRYING, "Expected"), ("exit", State.FAILED, "SystemExit")],
)
def test_a_coroutine_fails_and_the_loop_goes_on(
    submit: Submit, run: Run, outcome: str, state: State, error: str
) -> None:
    job = run(submit(outcome, kind=KIND))
    assert (job.state, job.error_class) == (state, error)
    assert run(submit("ok", kind=KIND)).state == State.SUCCEEDED


def test_files_steps_and_queries(submit: Submit, run: Run) -> None:
    job = run(submit("attach", kind=KIND))
    assert job.state == State.SUCCEEDED
    assert job.result is not None and job.result["parts"] == {"first": 1, "second": 2}
    assert [file.name for file in job.files.all()] == ["hello.txt"]
    assert {step.state for step in job.steps.all()} == {Step.State.SUCCEEDED}
    job = run(submit("query", kind=KIND))
    assert job.result is not None and job.result["users"] == User.objects.count()


def test_cancelling_cancels_the_task_on_any_pool(submit: Submit, alice: User) -> None:
    job = submit("hang", kind=KIND)
    thread = in_thread(job)
    actions.cancel(alice, job.pk)
    thread.join(20)
    job = fresh(job)
    assert (job.state, outcomes(job)) == (State.CANCELLED, [Outcome.CANCELLED])
    assert "tidied up" in job.attempts.get().log


def test_its_time_limit_ends_it(submit: Submit) -> None:
    job = submit("hang", kind=KIND)
    thread = in_thread(job)
    crew.of(PROCESS).running()[0].soft_at = 0
    thread.join(20)
    assert outcomes(fresh(job)) == [Outcome.TIMED_OUT]
    assert "tidied up" in fresh(job).attempts.get().log


def test_it_is_handed_back_when_the_worker_shuts_down(submit: Submit) -> None:
    job = submit("hang", kind=KIND)
    thread = in_thread(job)
    crew.of(PROCESS).running()[0].stop_for(HandedBack)
    thread.join(20)
    job = fresh(job)
    assert (job.state, outcomes(job)) == (State.QUEUED, [Outcome.INTERRUPTED])


def test_many_run_side_by_side_on_one_loop(submit: Submit) -> None:
    """None of them would end if they were not all under way at once."""
    jobs = [submit("hang", kind=KIND) for _ in range(20)]
    threads = [threading.Thread(target=runner.run, args=(job.pk, PROCESS)) for job in jobs]
    for thread in threads:
        thread.start()

    def under_way() -> bool:
        running = crew.of(PROCESS).running()
        return len(running) == len(jobs) and all(each.progress for each in running)

    until(under_way, what="all have begun")
    assert sum(thread.name == "kinds" for thread in threading.enumerate()) == 1
    for attempt in crew.of(PROCESS).running():
        attempt.stop_for(HandedBack)
    for thread in threads:
        thread.join(20)
    assert {fresh(job).state for job in jobs} == {State.QUEUED}


def test_a_kind_that_needs_a_process_is_left_for_a_worker_that_has_one(
    submit: Submit, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    job = run(submit("ok", kind="test.process"))
    assert (job.state, outcomes(job)) == (State.QUEUED, [Outcome.INTERRUPTED])
    assert job.max_attempts - job.attempt == 3, "no attempt is used up"
    said = [each.message for each in caplog.records if "needs a process" in each.message]
    assert len(said) == 1
