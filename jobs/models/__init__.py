"""What a job is, when it comes again, who runs it. Rows and guarded transitions, a file a noun.

`lifecycle` moves jobs together with the logs of their rooms; `submitting` makes, cancels and
retries them. The times that decide (leases, what is due) are the database's: see `clock`.
"""

from .answers import KeptAnswer
from .attempts import Attempt, Step
from .jobs import Job, JobQuerySet
from .schedules import CatchUp, Schedule, ScheduleQuerySet
from .states import (
    FINISHED,
    IDLE,
    NORMAL,
    SOURCES,
    SPOILT,
    UNFINISHED,
    URGENT,
    WAITING,
    Outcome,
    State,
)
from .workers import Worker

__all__ = [
    "FINISHED",
    "IDLE",
    "NORMAL",
    "SOURCES",
    "SPOILT",
    "UNFINISHED",
    "URGENT",
    "WAITING",
    "Attempt",
    "CatchUp",
    "Job",
    "JobQuerySet",
    "KeptAnswer",
    "Outcome",
    "Schedule",
    "ScheduleQuerySet",
    "State",
    "Step",
    "Worker",
]
