"""Jobs of the kind `django.task` as the framework's results."""

from collections.abc import Sequence
from traceback import format_exception
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.module_loading import import_string

from jobs.models import IDLE, Attempt, Job, Outcome, State

from .library import base, exceptions

KIND = "django.task"
# The framework's, of which the highest runs first.
LOWEST, HIGHEST = -100, 100
STATUS = {
    State.RUNNING: "RUNNING",
    State.SUCCEEDED: "SUCCESSFUL",
    State.FAILED: "FAILED",
    State.CANCELLED: "FAILED",
}
# Attempts that were no errors of the task's own.
NO_ERRORS = (Outcome.SUCCEEDED, Outcome.POSTPONED, Outcome.INTERRUPTED, "")


def job_priority(priority: int) -> int:
    """That of a job: 0 runs first, 9 last, and what is normal there is normal here. Pure."""
    return IDLE - (priority - LOWEST) * IDLE // (HIGHEST - LOWEST)


def find(result_id: str) -> Job | None:
    try:
        job_id = UUID(str(result_id))
    except ValueError:
        return None
    return Job.objects.filter(pk=job_id, kind=KIND).first()


def imported(path: str) -> Any:
    """The task at this path. Raises ImportError for what is none."""
    found = import_string(path)
    if not isinstance(found, base.Task):
        raise ImportError(f"{path} is no task")
    return found


def task_of(job: Job) -> Any:
    """The task as it was enqueued. Raises TaskResultDoesNotExist where its code is gone."""
    try:
        task = imported(job.params["task"])
    except ImportError as error:
        raise exceptions.TaskResultDoesNotExist(str(job.pk)) from error
    return task.using(
        priority=job.params["priority"],
        queue_name=job.queue,
        run_after=job.run_at,
        backend=job.params["backend"],
    )


def of(job: Job, task: Any, attempts: Sequence[Attempt]) -> Any:
    """`attempts` in their order."""
    result = base.TaskResult(
        task=task,
        id=str(job.pk),
        status=base.TaskResultStatus(STATUS.get(State(job.state), "READY")),
        enqueued_at=job.created_at,
        started_at=attempts[0].started_at if attempts else None,
        last_attempted_at=attempts[-1].started_at if attempts else None,
        finished_at=job.finished_at,
        args=job.params["args"],
        kwargs=job.params["kwargs"],
        backend=job.params["backend"],
        errors=[
            base.TaskError(exception_class_path=each.error_path, traceback=each.traceback)
            for each in attempts
            if each.outcome not in NO_ERRORS and each.error_path
        ],
        worker_ids=[each.worker for each in attempts],
    )
    if job.state == State.SUCCEEDED:
        _set(result, _return_value=(job.result or {}).get("value"))
    return result


def succeed(result: Any, value: Any) -> None:
    _set(
        result,
        status=base.TaskResultStatus.SUCCESSFUL,
        finished_at=timezone.now(),
        _return_value=value,
    )


def fail(result: Any, error: BaseException) -> None:
    result.errors.append(
        base.TaskError(
            exception_class_path=f"{type(error).__module__}.{type(error).__qualname__}",
            traceback="".join(format_exception(error)),
        )
    )
    _set(result, status=base.TaskResultStatus.FAILED, finished_at=timezone.now())


def _set(result: Any, **values: Any) -> None:
    """Results are frozen to those who read them."""
    for name, value in values.items():
        object.__setattr__(result, name, value)
