"""An attempt that is under way in this process: what its kind says of it, and when it must stop.

Written by the thread of the kind, the keeper and the clerk; each field by one of them.
"""

import time
from typing import Any
from uuid import UUID

from jobs import secret_params
from jobs.lifecycle.attempts import Claim
from jobs.lifecycle.verdict import Ending, Failure
from jobs.limits import job_limits
from jobs.models import Job

from .interruption import Cancelled, HandedBack, Interruption, InterruptWindow, LeaseLost, TimedOut


class RunningAttempt:
    """`soft` and `hard` are the kind's time limits, in seconds from now. `wake` is called when
    there is progress to be told."""

    def __init__(
        self, claim: Claim, window: InterruptWindow, soft: float, hard: float, wake: Any
    ) -> None:
        now = time.monotonic()
        self.claim, self.window = claim, window
        # Of its params: what is not to be in what it says.
        self.secrets = secret_params.of_job(claim.job.params, claim.job.secret_params)
        self.soft_at, self.hard_at = now + soft, now + hard
        self.progress: dict[str, Any] | None = None
        # The last progress that the room was told, and the last one that is in the database.
        self.whispered: dict[str, Any] | None = None
        self.stored: dict[str, Any] | None = None
        self.whisper_at = now
        # Once there is a reason to stop: when the kind is forced, and when its process is killed.
        self.force_at: float | None = None
        self.kill_at: float | None = None
        self._wake = wake

    @property
    def job(self) -> Job:
        return self.claim.job

    @property
    def lease(self) -> UUID:
        return self.claim.lease

    def report(self, progress: dict[str, Any]) -> None:
        """The last value wins."""
        self.progress = progress
        if self.whisper_at <= time.monotonic():
            self._wake()

    def stop_for(self, reason: type[Interruption], patience: float = 0) -> None:
        """Ask the kind to stop; force it after `patience` seconds. The first reason counts, but
        for a lost lease: after that nothing else matters."""
        now = time.monotonic()
        if self.window.wanted is None:
            self.force_at = now + patience
            self.kill_at = now + patience + job_limits().job_cancel_grace_seconds
            if reason is TimedOut:
                self.kill_at = self.hard_at
        elif reason is LeaseLost and self.force_at is not None:
            self.force_at = now
        self.window.ask(reason)


MESSAGES: dict[type[Interruption], str] = {
    Cancelled: "It was cancelled.",
    TimedOut: "It took longer than it may.",
    HandedBack: "Its worker was shut down; another one begins again.",
    LeaseLost: "Its worker was cut off for too long.",
}


def interrupted(reason: type[Interruption], traceback: str = "") -> Ending:
    """How an attempt ends that was interrupted."""
    failure = Failure(reason.__name__, MESSAGES[reason], traceback)
    return Ending(reason.outcome, failure)
