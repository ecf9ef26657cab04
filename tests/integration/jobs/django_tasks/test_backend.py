"""Django's tasks as jobs: enqueued by other apps, done by workers, with history."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import transaction
from django.utils import timezone

from jobs.django_tasks import backend, library, results
from jobs.models import Job, State
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import Room, User
from rooms.protocol import Forbidden
from tests import framework_tasks as tasks
from tests.integration.jobs.conftest import fresh
from tests.support.caller import Callers
from tests.support.workshop import Run

pytestmark = pytest.mark.django_db(transaction=True)


def job_of(result: Any) -> Job:
    return Job.objects.get(pk=result.id)


def test_a_task_is_done_by_a_worker(run: Run) -> None:
    result = tasks.add.enqueue(2, second=3)
    assert (str(result.status), result.enqueued_at is not None) == ("READY", True)
    assert (result.args, result.kwargs) == ([2], {"second": 3})
    job = job_of(result)
    assert (job.kind, job.title, job.room, job.requested_by) == ("django.task", "add", None, None)
    assert run(job).state == State.SUCCEEDED
    with pytest.raises(ValueError):
        _ = result.return_value
    result.refresh()
    assert (str(result.status), result.return_value, result.attempts) == ("SUCCESSFUL", 5, 1)
    assert result.is_finished and result.started_at <= result.finished_at
    assert tasks.add.get_result(result.id).return_value == 5


def test_a_failure_is_told_with_its_class(run: Run) -> None:
    result = tasks.unlucky.enqueue()
    assert run(job_of(result)).state == State.FAILED
    result.refresh()
    assert str(result.status) == "FAILED"
    (error,) = result.errors
    assert error.exception_class is tasks.Unlucky
    assert "no luck" in error.traceback
    with pytest.raises(ValueError):
        _ = result.return_value


def test_what_cannot_be_kept_is_a_failure(run: Run) -> None:
    result = tasks.unserialisable.enqueue()
    assert run(job_of(result)).state == State.FAILED
    result.refresh()
    assert result.errors[0].exception_class is TypeError


def test_coroutines_contexts_and_the_database(run: Run, alice: User) -> None:
    for task, arguments, wanted in [
        (tasks.coroutine, ["x"], "X"),
        (tasks.counts_people, [], User.objects.count()),
    ]:
        result = task.enqueue(*arguments)
        run(job_of(result))
        result.refresh()
        assert result.return_value == wanted
    result = tasks.attempts.enqueue("x")
    run(job_of(result))
    result.refresh()
    wanted = {"attempt": 1, "id": result.id, "note": "x", "args": ["x"]}
    assert result.return_value == wanted


def test_when_and_how_urgent() -> None:
    result = tasks.urgent.enqueue()
    job = job_of(result)
    assert (job.queue, job.priority) == ("interactive", 3)
    assert result.task.priority == 50
    later = timezone.now() + timedelta(hours=1)
    result = tasks.add.using(run_after=later, priority=-100).enqueue(1)
    job = job_of(result)
    assert (job.state, job.due_at, job.priority) == (State.SCHEDULED, later, 9)
    found = tasks.add.get_result(result.id)
    assert (found.task.run_after, found.task.priority) == (later, -100)


@pytest.mark.parametrize(("theirs", "ours"), [(-100, 9), (-50, 7), (0, 5), (50, 3), (100, 0)])
def test_priorities(theirs: int, ours: int) -> None:
    assert results.job_priority(theirs) == ours


def test_one_that_is_rolled_back_never_was() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.add.enqueue(1)
        raise RuntimeError
    assert not Job.objects.exists()


def test_from_a_coroutine(run: Run) -> None:
    async def both() -> Any:
        result = await tasks.add.aenqueue(1)
        return result, await tasks.add.aget_result(result.id)

    result, found = asyncio.run(both())
    assert result.id == found.id


def test_signals_are_sent(run: Run) -> None:
    seen: list[tuple[str, str]] = []

    def hear(name: str) -> Any:
        def heard(sender: Any, task_result: Any, **_: Any) -> None:
            seen.append((name, str(task_result.status)))

        return heard

    kept = {name: hear(name) for name in ("task_enqueued", "task_started", "task_finished")}
    for name, receiver in kept.items():
        getattr(library.signals, name).connect(receiver)
    try:
        run(job_of(tasks.add.enqueue(1)))
        run(job_of(tasks.unlucky.enqueue()))
    finally:
        for name, receiver in kept.items():
            getattr(library.signals, name).disconnect(receiver)
    assert seen == [
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "SUCCESSFUL"),
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "FAILED"),
    ]


@pytest.fixture
def three_attempts(settings: Any) -> Iterator[None]:
    own = {"BACKEND": "jobs.django_tasks.backend.ParleyBackend", "OPTIONS": {"max_attempts": 3}}
    settings.TASKS = {"default": own}
    yield


def test_tries_as_often_as_it_is_told(three_attempts: None, run: Run) -> None:
    result = tasks.unlucky.enqueue()
    job = run(job_of(result))
    assert (job.state, job.max_attempts) == (State.RETRYING, 3)
    result.refresh()
    assert str(result.status) == "READY" and len(result.errors) == 1


def test_what_is_not_there() -> None:
    for wrong in ("x", "0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"):
        with pytest.raises(library.exceptions.TaskResultDoesNotExist):
            tasks.add.get_result(wrong)
    result = tasks.add.enqueue(1)
    with pytest.raises(library.exceptions.TaskResultMismatch):
        tasks.unlucky.get_result(result.id)


def test_code_that_is_gone_or_was_no_task(run: Run) -> None:
    for path in ("tests.framework_tasks.gone", "tests.framework_tasks.no_task", "os.getcwd"):
        result = tasks.add.enqueue(1)
        job = job_of(result)
        Job.objects.filter(pk=job.pk).update(params={**job.params, "task": path})
        job = run(job)
        assert (job.state, job.error_class) == (State.FAILED, "GiveUp")
        assert "no task" in job.error_message
    assert "no task" not in tasks.made


def test_people_cannot_say_what_is_called(alice: User, lobby: Room, caller: Callers) -> None:
    params = {"task": "os.getcwd"}
    with pytest.raises(Forbidden):
        actions.submit(Submission(alice, "django.task", params))
    refused = caller(alice).post("jobs", {"kind": "django.task", "params": params})
    assert refused.status_code == 403
    chain = {"stages": [[{"kind": "django.task", "params": params}]]}
    refused = caller(alice).post("jobs", {"kind": "jobs.chain", "params": chain})
    assert refused.status_code == 422
    names = [kind["name"] for kind in caller(alice).get("job-kinds").data["kinds"]]
    assert "django.task" not in names
    assert not Job.objects.exists()


def test_settings_are_checked(settings: Any) -> None:
    own = {
        "BACKEND": "jobs.django_tasks.backend.ParleyBackend",
        "QUEUES": ["default", "other"],
        "OPTIONS": {"max_attempts": 0},
    }
    checked = backend.ParleyBackend("default", own)
    assert [each.id for each in checked.check()] == ["jobs.E010", "jobs.E011"]
    assert not [each for each in run_checks() if each.id in ("jobs.E010", "jobs.E011")]


def test_history_is_that_of_a_job(run: Run) -> None:
    job = run(job_of(tasks.add.enqueue(1)))
    assert job.result == {"summary": "add is done.", "value": 2}
    assert [attempt.outcome for attempt in fresh(job).attempts.all()] == ["succeeded"]
