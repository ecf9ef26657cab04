"""What was lost comes back, what is due comes up, and a busy queue is left alone."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.lifecycle import doorbell, transitions
from jobs.loops import pruning, sweeper
from jobs.models import Job, Outcome, State, Worker
from jobs.tasks import messages_waiting
from rooms.models import Message, User
from tests.integration.jobs.conftest import claim, expire, fresh
from tests.integration.jobs.submitting.test_actions import in_threads
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    rings: list[uuid.UUID] = []
    monkeypatch.setattr(doorbell, "_ring", lambda jobs: rings.extend(job.pk for job in jobs))
    return rings


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def set_row(job: Job, **values: Any) -> None:
    Job.objects.filter(pk=job.pk).update(**values)


def test_what_is_due_is_queued_and_rung_for(submit: Submit, rung: list[uuid.UUID]) -> None:
    due = submit("ok", run_at=timezone.now() + timedelta(hours=1))
    later = submit("ok", run_at=timezone.now() + timedelta(hours=1))
    set_row(due, due_at=ago(1))
    assert sweeper.queue_due() == 1
    assert (fresh(due).state, fresh(later).state) == (State.QUEUED, State.SCHEDULED)
    assert rung == [due.pk]


def test_two_sweeps_at_once_queue_a_job_once(submit: Submit, rung: list[uuid.UUID]) -> None:
    job = submit("ok", run_at=timezone.now() + timedelta(hours=1))
    set_row(job, due_at=ago(1))
    assert sorted(in_threads(3, lambda _: transitions.queue_due([job.pk]))) == [False, False, True]
    assert rung == [job.pk]


def test_the_jobs_of_a_process_that_has_ended_are_lost_at_once(
    submit: Submit, rung: list[uuid.UUID]
) -> None:
    gone, here = submit("ok"), submit("ok")
    for job in (gone, here):
        claim(job)
        Worker.objects.filter(jobs=job).update(process=uuid.uuid4())
    process = Worker.objects.get(jobs=gone).process
    assert process is not None
    sweeper.expire([process, uuid.uuid4()])
    assert sweeper.take_back_lost() == 1
    assert (fresh(gone).state, fresh(here).state) == (State.QUEUED, State.RUNNING)
    ended = Worker.objects.get(process=process)
    before = ended.ended_at, ended.lease_expires_at
    sweeper.expire([process])
    ended.refresh_from_db()
    assert (ended.ended_at, ended.lease_expires_at) == before, "its end is written once"


def test_an_expired_lease_is_a_lost_attempt(submit: Submit, rung: list[uuid.UUID]) -> None:
    job = submit("ok")
    claim(job, "gone")
    assert sweeper.take_back_lost() == 0, "the lease has not expired"
    expire(job)
    assert sweeper.take_back_lost() == 1
    job = fresh(job)
    assert (job.state, job.losses, job.attempts.get().outcome) == ("queued", 1, Outcome.LOST)
    assert rung == [job.pk, job.pk]


def test_a_job_that_kills_its_workers_is_given_up_with_a_message(submit: Submit) -> None:
    job = submit("ok")
    set_row(job, max_attempts=20)
    for _ in range(3):
        assert claim(job, "gone")
        expire(job)
        sweeper.take_back_lost()
    assert fresh(job).state == State.FAILED
    assert "vanished" in Message.objects.get(subject=job.pk).body


def test_a_job_that_must_not_run_twice_does_not(submit: Submit) -> None:
    job = submit("ok", kind="test.short")
    claim(job, "gone")
    expire(job)
    sweeper.take_back_lost()
    assert fresh(job).state == State.FAILED


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(submit: Submit, alice: User) -> None:
    from jobs.submitting import actions

    job = submit("ok")
    claim(job, "gone")
    actions.cancel(alice, job.pk)
    expire(job)
    sweeper.take_back_lost()
    assert fresh(job).state == State.CANCELLED


# Ringing again ------------------------------------------------------------------------------------


def test_a_job_whose_message_is_lost_is_rung_for_again_once(
    submit: Submit, rung: list[uuid.UUID]
) -> None:
    job = submit("ok")
    rung.clear()
    assert sweeper.ring_again(lambda queue: 0) == 0, "it was rung for just now"
    set_row(job, rung_at=ago(11))
    assert sweeper.ring_again(lambda queue: 0) == 1
    assert sweeper.ring_again(lambda queue: 0) == 0, "and just now again"
    assert rung == [job.pk]


def test_a_long_queue_that_is_worked_at_is_left_alone(
    submit: Submit, rung: list[uuid.UUID]
) -> None:
    jobs = [submit("ok") for _ in range(5)]
    rung.clear()
    Job.objects.update(rung_at=ago(3600))
    assert sweeper.ring_again(lambda queue: 5) == 0
    assert sweeper.ring_again(lambda queue: 3) == 2, "as many as are missing, the oldest first"
    assert rung == [job.pk for job in jobs[:2]]


def test_a_broker_that_does_not_answer_is_not_rung(submit: Submit, rung: list[uuid.UUID]) -> None:
    job = submit("ok")
    rung.clear()
    set_row(job, rung_at=ago(11))
    assert sweeper.ring_again(lambda queue: None) == 0
    assert rung == []


def test_the_broker_tells_how_many_messages_wait(submit: Submit) -> None:
    """A real publish, a real Redis: what the sweeper compares with."""
    before = messages_waiting("interactive")
    assert before is not None
    submit("ok")
    assert messages_waiting("interactive") == before + 1
    assert messages_waiting("a queue without messages") == 0


def test_rows_of_processes_that_have_ended_go_after_a_day(submit: Submit) -> None:
    for name in ("long ago", "just now", "alive"):
        assert claim(submit("ok"), name)
    day = timedelta(days=1)
    Worker.objects.filter(name="long ago").update(ended_at=timezone.now() - day - day)
    Worker.objects.filter(name="just now").update(ended_at=timezone.now())
    assert pruning.ended_workers() == 1
    assert set(Worker.objects.values_list("name", flat=True)) == {"just now", "alive"}


def test_a_process_that_is_gone_is_said_to_have_ended(submit: Submit) -> None:
    job = submit("ok")
    claim(job)
    expire(job)
    sweeper.take_back_lost()
    assert Worker.objects.get().ended_at is not None
