"""Tasks of Django's framework, as other apps write them."""

from importlib import import_module
from typing import Any

from jobs.django_tasks.library import NAME
from rooms.models import User

task: Any = import_module(NAME).task
made: list[Any] = []


class Unlucky(Exception):
    """A failure that a test asked for."""


@task
def add(first: int, second: int = 1) -> int:
    return first + second


@task(priority=50, queue_name="interactive")
def urgent() -> None:
    made.append("urgent")


@task(takes_context=True)
def attempts(context: Any, note: str) -> dict[str, Any]:
    result = context.task_result
    return {"attempt": context.attempt, "id": result.id, "note": note, "args": result.args}


@task
async def coroutine(word: str) -> str:
    return word.upper()


@task
def unlucky() -> None:
    raise Unlucky("no luck")


@task
def unserialisable() -> Any:
    return object()


@task
def counts_people() -> int:
    return User.objects.count()


def no_task() -> None:
    made.append("no task")
