"""The backend for Django's tasks: each call is a job of the kind `django.task`, with its history.

TASKS = {"default": {"BACKEND": "jobs.django_tasks.backend.ParleyBackend",
                     "QUEUES": ["default"], "OPTIONS": {"max_attempts": 3}}}

`QUEUES` are queues of jobs, all of them if none is named. A call is made once unless
`max_attempts` says otherwise.
"""

from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.db import transaction

from jobs.models import Job
from jobs.registry import QUEUES
from jobs.submitting import unowned
from jobs.submitting.unowned import UnownedJob

from . import results
from .library import BaseTaskBackend, base, exceptions, normalize_json, signals

TITLE_CHARACTERS = 120


class ParleyBackend(BaseTaskBackend):
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, {**params, "QUEUES": params.get("QUEUES") or QUEUES})

    @property
    def max_attempts(self) -> int:
        return int(self.options.get("max_attempts", 1))

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Within a transaction of the caller's it is a part of that: rolled back, it never was."""
        self.validate_task(task)
        params = {
            "task": task.module_path,
            "args": normalize_json(list(args)),
            "kwargs": normalize_json(dict(kwargs)),
            "priority": task.priority,
            "backend": self.alias,
        }
        wanted = UnownedJob(
            params,
            title=task.name[:TITLE_CHARACTERS],
            queue=task.queue_name,
            priority=results.job_priority(task.priority),
            run_at=task.run_after,
            max_attempts=self.max_attempts,
        )
        with transaction.atomic():
            (job,) = unowned.insert_in_transaction(results.KIND, [wanted])
        result = results.of(job, task, [])
        signals.task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> Any:
        job = results.find(result_id)
        if job is None:
            raise exceptions.TaskResultDoesNotExist(result_id)
        return results.of(job, results.task_of(job), list(job.attempts.order_by("number")))

    def check(self, **kwargs: Any) -> Iterable[checks.CheckMessage]:
        yield from super().check(**kwargs)
        unknown = set(self.queues) - set(QUEUES)
        if unknown:
            yield checks.Error(
                f"TASKS[{self.alias!r}]: jobs have no queue {', '.join(sorted(unknown))}.",
                hint=f"QUEUES are some of {', '.join(QUEUES)}.",
                id="jobs.E010",
            )
        if self.max_attempts < 1:
            yield checks.Error(
                f"TASKS[{self.alias!r}]: max_attempts is at least 1.", id="jobs.E011"
            )


def call(job: Job, task: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """Call the task's function in a worker, with the signals around it. Returns plain JSON."""
    result = results.of(job, task, list(job.attempts.order_by("number")))
    signals.task_started.send(ParleyBackend, task_result=result)
    context = [base.TaskContext(task_result=result)] if task.takes_context else []
    try:
        value = normalize_json(task.call(*context, *arguments, **keywords))
    except Exception as error:
        results.fail(result, error)
        signals.task_finished.send(ParleyBackend, task_result=result)
        raise
    results.succeed(result, value)
    signals.task_finished.send(ParleyBackend, task_result=result)
    return value
