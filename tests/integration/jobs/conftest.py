"""Jobs run here in the test's own process, one attempt at a time, as a worker would run them."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs.lifecycle import doorbell
from jobs.models import Job
from jobs.running import runner
from jobs.running.worker import WorkerProcess
from jobs.submitting import actions, admission
from jobs.submitting.actions import Submission

PROCESS = WorkerProcess("test/1")


@pytest.fixture(autouse=True)
def _as_just_started() -> None:
    """What a process remembers of its queues and its broker does not outlive a test."""
    admission.forget()
    doorbell._quiet_until = 0.0


@pytest.fixture
def submit(alice: Any, lobby: Any) -> Callable[..., Job]:
    """A test job of Alice's in the lobby; keywords are its params."""

    def submit(
        outcome: str = "ok",
        *,
        user: Any = alice,
        room: str | None = "lobby",
        kind: str = "test.outcome",
        key: str = "",
        run_at: Any = None,
        **params: Any,
    ) -> Job:
        wanted = Submission(
            user, kind, {"outcome": outcome, **params}, room, run_at=run_at, key=key
        )
        return actions.submit(wanted)[0]

    return submit


@pytest.fixture
def run() -> Callable[[Job], Job]:
    """One attempt; the job as it is afterwards."""

    def run(job: Job) -> Job:
        runner.run(job.pk, PROCESS)
        return fresh(job)

    return run


def fresh(job: Job) -> Job:
    return Job.objects.with_relations().get(pk=job.pk)
