"""What a job is, when it comes again, who runs it. Rows and guarded transitions, a file a noun.

`lifecycle` moves jobs together with the logs of their rooms; `submitting` makes, cancels and
retries them. The times that decide (leases, what is due) are the database's: see `clock`.
"""

from .answers import KeptAnswer
from .attempts import Attempt, Step
from .jobs import Job, JobQuerySet
from .pauses import Pause
from .questions import JobQuestion, Who
from .schedules import CatchUp, Schedule, ScheduleQuerySet
from .states import (
    FINISHED,
    GOING,
    IDLE,
    NORMAL,
    SOURCES,
    SPOILT,
    UNCLAIMED,
    UNFINISHED,
    URGENT,
    Outcome,
    State,
)
from .webhooks import Webhook
from .workers import Worker

__all__ = [
    "FINISHED",
    "GOING",
    "IDLE",
    "NORMAL",
    "SOURCES",
    "SPOILT",
    "UNCLAIMED",
    "UNFINISHED",
    "URGENT",
    "Attempt",
    "CatchUp",
    "Job",
    "JobQuerySet",
    "KeptAnswer",
    "Outcome",
    "JobQuestion",
    "Pause",
    "Schedule",
    "ScheduleQuerySet",
    "State",
    "Step",
    "Webhook",
    "Who",
    "Worker",
]
