"""The same again within a time is the job that is there: kinds that declare `unique_within`.

The same are jobs of one kind and room with the same params, whoever submits them: all of them see
the room's jobs. In no room they are those of one person, as nobody else may see them. The rows of
rooms and people that a submission locks put the submitters of the same in order, and a unique
column of the job holds besides. Called by `insertion`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from jobs.models import Job
from rooms.models import Room

from .submission import Checked, digest


class UniqueWindow(NamedTuple):
    """Columns of a job: what is the same until when."""

    unique_key: str
    unique_until: datetime


def window_of(checked: Checked, room: Room | None, at: datetime) -> UniqueWindow | None:
    """None: its kind may be submitted as often as wanted, or it is a part of a job, which waits for
    that one and no other."""
    kind, wanted = checked.kind, checked.wanted
    if kind.unique_within is None or wanted.parent is not None:
        return None
    params = checked.params if checked.secret_params is None else checked.secret_params
    if kind.unique_params is not None:
        params = {name: params.get(name) for name in kind.unique_params}
    where = ["room", room.pk] if room is not None else ["person", wanted.user.pk]
    key = digest([kind.name, params, where], checked.secret_params is not None)
    return UniqueWindow(key, at + kind.unique_within)


class UniqueJobs:
    """The jobs that are there, by their keys, under the locks of one transaction."""

    def __init__(self, keys: Collection[str], at: datetime) -> None:
        rows = Job.objects.with_relations().filter(unique_key__in=keys) if keys else []
        self._jobs: dict[str, Job] = {}
        # Whose window is over, or who ended without saying so: a version before this does.
        self._over: list[Job] = []
        for job in rows:
            if job.finished or job.unique_until is None or job.unique_until <= at:
                self._over.append(job)
            else:
                self._jobs[job.unique_key or ""] = job

    def find(self, window: UniqueWindow | None) -> Job | None:
        return self._jobs.get(window.unique_key) if window is not None else None

    def add(self, window: UniqueWindow | None, job: Job) -> None:
        if window is not None:
            self._jobs[window.unique_key] = job

    def make_way(self) -> None:
        """Before those are written that come instead."""
        if self._over:
            Job.objects.filter(pk__in=[job.pk for job in self._over]).update(unique_key=None)
