"""Jobs run here in the test's own process, one attempt at a time, as a worker would run them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from jobs.lifecycle import attempts, doorbell, transitions
from jobs.lifecycle.attempts import Claim
from jobs.models import Job, Worker
from jobs.running import crew, runner
from jobs.running.worker import WorkerProcess
from jobs.submitting import actions, admission
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Event

PROCESS = WorkerProcess("test/1")


@pytest.fixture(autouse=True)
def _as_just_started() -> Iterator[None]:
    """What a process remembers of its queues and its broker does not outlive a test, nor do the
    threads that look after its jobs."""
    admission.forget()
    doorbell._quiet_until = 0.0
    yield
    crew.stop()


@pytest.fixture
def rung() -> Iterator[list[UUID]]:
    """The ids that were rung for."""
    found: list[UUID] = []
    before = doorbell._ring
    doorbell.carried_by(lambda jobs: found.extend(job.pk for job in jobs))
    yield found
    assert before is not None
    doorbell.carried_by(before)


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


def claim(job: Job, name: str = "elsewhere") -> Claim | None:
    """Another worker begins an attempt at the job."""
    now = clock.now()
    worker = Worker.objects.create(
        name=name,
        pid=1,
        started_at=now,
        seen_at=now,
        lease_expires_at=now + timedelta(seconds=30),
    )
    return attempts.claim(job.pk, worker)


def expire(job: Job) -> None:
    """The lease of the job's worker is over."""
    Worker.objects.filter(jobs=job).update(lease_expires_at=clock.now() - timedelta(seconds=1))


def fresh(job: Job) -> Job:
    return Job.objects.with_relations().get(pk=job.pk)


def told(job: Job) -> list[str]:
    """The states that the room was told, in order."""
    events = Event.objects.filter(type="job.changed").order_by("seq")
    jobs = [event.payload["job"] for event in events]
    return [each["state"] for each in jobs if each["id"] == str(job.pk)]


def outcomes(job: Job) -> list[str]:
    return [attempt.outcome for attempt in job.attempts.all()]


def make_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(due_at=clock.now() - timedelta(seconds=1))
    assert transitions.queue_due([job.pk])
