"""The parts of a job that run side by side, each with a row of its own. Behind `Context.steps`.

Threads of the job's process, not tasks of their own: the parts share the job's lease, its time
limits and its cancelling, a job never waits for a worker's slot that another job holds, and what
parts do is mostly waiting for a database or a network, where threads run side by side.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.utils import timezone

from jobs.lifecycle import storable
from jobs.lifecycle.changes import changing
from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.results import plain
from jobs.models import Step
from jobs.secret_params import Redaction

from .interruption import WaitsForAnswer, WaitsForParts

NAME_CHARACTERS = 60
Work = Callable[[], Any]


class StepsOwner(Protocol):
    """What steps need of the attempt that they are parts of; a `Context` is one."""

    @property
    def id(self) -> UUID: ...
    @property
    def lease(self) -> UUID: ...
    def interrupted(self) -> bool: ...
    def check_cancelled(self) -> None: ...
    def lost(self) -> BaseException: ...
    def tells(self, error: BaseException) -> bool: ...
    @property
    def secrets(self) -> Redaction | None: ...
    @property
    def keeps_results_secret(self) -> bool: ...


def side_by_side(context: StepsOwner, steps: Mapping[str, Work]) -> dict[str, Any]:
    if any(not 0 < len(name) <= NAME_CHARACTERS or storable.text(name) != name for name in steps):
        raise ValueError(f"a step's name has 1 to {NAME_CHARACTERS} characters that can be shown")
    done = _begin(context, list(steps))
    failures: dict[str, BaseException] = {}
    threads = [
        threading.Thread(
            target=_run, args=(context, name, work, done, failures), name=name, daemon=True
        )
        for name, work in steps.items()
        if name not in done
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        # Short waits: between them the main thread takes the signals that interrupt it.
        while thread.is_alive():
            thread.join(0.2)
            if context.interrupted():
                context.check_cancelled()
    for name in steps:
        if name in failures:
            raise failures[name]
    return {name: done[name] for name in steps}


def _begin(context: StepsOwner, names: list[str]) -> dict[str, Any]:
    """Show all steps as running; returns the results of those that an earlier attempt has done."""
    with changing(context.id) as change:
        if not change.job.hold(context.lease):
            raise context.lost()
        there = {step.name: step for step in change.job.steps.all()}
        for position, name in enumerate(names):
            step = there.get(name) or Step(job=change.job, name=name)
            if step.state == Step.State.SUCCEEDED:
                continue
            step.position, step.started_at = position, change.logs.at
            step.state = Step.State.RUNNING
            step.ended_at, step.result, step.secret_result = None, None, None
            step.error_class, step.error_message = "", ""
            step.save()
        change.reload("steps")
        change.tell()
    column = _column(context)
    done = [step for step in there.values() if step.state == Step.State.SUCCEEDED]
    return {step.name: getattr(step, column) for step in done}


def _column(context: StepsOwner) -> str:
    return "secret_result" if context.keeps_results_secret else "result"


def _run(
    context: StepsOwner,
    name: str,
    work: Work,
    done: dict[str, Any],
    failures: dict[str, BaseException],
) -> None:
    try:
        try:
            result = plain(work())
        except BaseException as error:
            failures[name] = error
            if isinstance(error, (WaitsForAnswer, WaitsForParts)):
                _end(context, name, state=Step.State.STOPPED)
                return
            failure = failure_of(error, context.tells(error), context.secrets)
            _end(
                context,
                name,
                state=Step.State.STOPPED if context.interrupted() else Step.State.FAILED,
                error_class=failure.error_class,
                error_message=failure.message,
            )
        else:
            _end(context, name, state=Step.State.SUCCEEDED, **{_column(context): result})
            done[name] = result
    except BaseException as error:
        failures.setdefault(name, error)
    finally:
        connection.close()


def _end(context: StepsOwner, name: str, **values: Any) -> None:
    with changing(context.id) as change:
        if not change.job.hold(context.lease):
            raise context.lost()
        change.job.steps.filter(name=name).update(ended_at=timezone.now(), **values)
        change.reload("steps")
        change.tell()
