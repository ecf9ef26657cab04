"""What happens to jobs, as the page of a room hears it: state + events = state."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.lifecycle import transitions
from jobs.models import Job
from jobs.submitting import actions
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)

CHANGED = "job.changed"


@pytest.fixture
def watch(store: Any, caller: Any, alice: Any, bob: Any, charlie: Any, lobby: Any) -> Watch:
    callers = {viewer: caller(viewer) for viewer in (alice, bob, charlie)}
    return Watch(store, callers, "lobby")


def test_a_job_from_its_submission_to_its_last_word(watch: Watch, submit: Any, run: Any) -> None:
    job = watch.verify(lambda: submit("attach", value="you"), CHANGED)
    watch.verify(lambda: run(job), CHANGED, CHANGED, "message.created")


def test_a_job_of_a_newcomer(watch: Watch, submit: Any, charlie: Any) -> None:
    watch.verify(lambda: submit("ok", user=charlie), "member.joined", CHANGED)


def test_failures_and_another_try(watch: Watch, submit: Any, run: Any, alice: Any) -> None:
    job = watch.verify(lambda: submit("error", value="boo"), CHANGED)
    watch.verify(lambda: run(job), CHANGED, CHANGED)
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    watch.verify(lambda: transitions.queue_due([job.pk]), CHANGED)
    watch.verify(lambda: actions.cancel(alice, job.pk), CHANGED, "message.created")
    watch.verify(lambda: actions.retry(alice, job.pk), CHANGED)


def test_a_job_for_later(watch: Watch, submit: Any) -> None:
    watch.verify(lambda: submit("ok", run_at=timezone.now() + timedelta(hours=1)), CHANGED)
