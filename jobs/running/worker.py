"""Where an attempt runs: what a worker tells its jobs of itself. Filled by `tasks`; the defaults
are those of a process that is no worker, such as a test."""

from collections.abc import Callable
from dataclasses import dataclass


def _never() -> bool:
    return False


def _spare() -> None:
    """There is no process that could be killed for one job."""


@dataclass(frozen=True)
class WorkerProcess:
    """`draining`: the worker is shutting down and takes no more jobs. `terminating`: this process
    has been told to exit at once. `kill` ends this process if it runs nothing but the job."""

    worker: str
    draining: Callable[[], bool] = _never
    terminating: Callable[[], bool] = _never
    kill: Callable[[], None] = _spare
