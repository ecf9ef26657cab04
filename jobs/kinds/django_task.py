"""`django.task`: a call of a task of Django's framework, enqueued by code."""

from typing import Any

from jobs.registry import Params, kind
from jobs.running.context import Context, GiveUp


class TaskParams(Params):
    """`task`: where it is, as `module.name`. `priority` is the framework's."""

    task: str
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    priority: int = 0
    backend: str = "default"


# How often it is tried is said with each call.
@kind("django.task", title="Task", params=TaskParams, max_attempts=1, rule="job.task")
def django_task(ctx: Context[TaskParams]) -> dict[str, Any]:
    """Calls a task of Django's framework."""
    # Most sites have none, and their workers do not need the framework.
    from jobs.django_tasks import backend, results

    params = ctx.params
    try:
        task = results.task_of(ctx.job)
    except Exception as error:
        raise GiveUp(f"There is no task {params.task}: {error.__cause__ or error}") from error
    value = backend.call(ctx.job, task, params.args, params.kwargs)
    return {"summary": f"{task.name} is done.", "value": value}
