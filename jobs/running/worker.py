"""Where attempts run: what a worker tells of itself. Filled by `tasks`; the defaults are those of a
process that is no worker, such as a test."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


def _never() -> bool:
    return False


def spare() -> None:
    """There is no process that could be killed for one job."""


@dataclass(frozen=True)
class WorkerProcess:
    """`name`, `pool`, `capacity` (jobs at once) and `queues` are shown to operators. `process`: by
    which its worker would say that this process has ended. `draining`: the worker is shutting down
    and takes no more jobs. `terminating`: this process has been told to exit at once. `kill` ends
    this process if it runs nothing but one job. `waits_for_ends`: a job counts as run when its end
    is committed; else the next one may begin before, and both are written together."""

    name: str
    process: UUID | None = None
    pool: str = ""
    capacity: int = 1
    queues: tuple[str, ...] = ()
    waits_for_ends: bool = True
    draining: Callable[[], bool] = _never
    terminating: Callable[[], bool] = _never
    kill: Callable[[], None] = spare
