"""The states of a job, and which of them may follow which. The outcomes of its attempts."""

from django.db import models


class State(models.TextChoices):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(models.TextChoices):
    """How an attempt ended. `postponed`, `asked`, `fanned_out` and `interrupted` did not use it
    up."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out", "timed out"
    LOST = "lost"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    POSTPONED = "postponed"
    ASKED = "asked"
    FANNED_OUT = "fanned_out", "fanned out"


# What comes to its end by itself. An index is made of these: see `admission`.
GOING = (State.SCHEDULED, State.QUEUED, State.RETRYING, State.RUNNING)
UNFINISHED = (*GOING, State.WAITING)
# No worker has it.
UNCLAIMED = (State.SCHEDULED, State.QUEUED, State.RETRYING, State.WAITING)
FINISHED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
SPOILT = (State.FAILED, State.CANCELLED)

# Where a job may come from. What leaves `running` has to show the lease.
SOURCES: dict[State, tuple[State, ...]] = {
    State.QUEUED: (
        State.SCHEDULED,
        State.RETRYING,
        State.WAITING,
        State.RUNNING,
        State.FAILED,
        State.CANCELLED,
    ),
    State.RUNNING: (State.QUEUED,),
    State.RETRYING: (State.RUNNING,),
    State.WAITING: (State.RUNNING,),
    State.SUCCEEDED: (State.RUNNING,),
    State.FAILED: (State.RUNNING,),
    State.CANCELLED: UNFINISHED,
}

URGENT, NORMAL, IDLE = 0, 5, 9
