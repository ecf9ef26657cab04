"""A queue or kind that is paused: what is submitted waits, what runs goes on, nothing is begun."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from jobs import overview, registry
from jobs.lifecycle import attempts, doorbell, pausing
from jobs.lifecycle.verdict import Ending
from jobs.limits import job_limits
from jobs.loops import pruning, sweeper
from jobs.models import Job, Outcome, Pause, State
from jobs.submitting import admission, pauses
from rooms.database import clock
from rooms.models import User
from rooms.protocol import Busy, Conflict, Forbidden, Invalid
from tests.integration.jobs.conftest import claim, expire, fresh
from tests.support.caller import Callers
from tests.support.waiting import until
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "test.outcome"


@pytest.fixture
def warden(bob: User) -> User:
    """Bob, who may pause."""
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(*Permission.objects.filter(codename__in=["view_job", "change_pause"]))
    return User.objects.get(pk=bob.pk)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The ids that were rung for."""
    found: list[Any] = []
    before = doorbell._ring
    doorbell.carried_by(lambda jobs: found.extend(job.pk for job in jobs))
    yield found
    assert before is not None
    doorbell.carried_by(before)


@pytest.mark.parametrize("target", ["queue", "kind"])
def test_what_is_paused_is_taken_and_not_begun(
    submit: Submit, run: Run, warden: User, rung: list[Any], target: str
) -> None:
    before = submit("ok")
    name = KIND if target == "kind" else before.queue
    pause = pauses.pause(warden, target, name, "  the disk\n is full ")
    assert (pause.reason, pause.paused_by) == ("the disk is full", warden)
    meanwhile = submit("ok")
    for job in (before, meanwhile):
        assert run(job).state == State.QUEUED
        assert claim(job) is None
        assert fresh(job).attempt == 0
    rung.clear()
    over = pauses.resume(warden, pause.pk)
    assert over.resumed_by == warden
    assert rung == [before.pk, meanwhile.pk]
    assert run(before).state == run(meanwhile).state == State.SUCCEEDED
    rung.clear()
    assert pauses.resume(warden, pause.pk).resumed_at == over.resumed_at
    assert not rung


def test_what_runs_goes_on_and_what_goes_back_to_its_queue_waits(
    submit: Submit, warden: User
) -> None:
    job, lost = submit("ok"), submit("ok")
    running, other = claim(job), claim(lost)
    assert running and other
    pauses.pause(warden, "kind", KIND)
    ending = Ending(Outcome.SUCCEEDED, result={"summary": "x"})
    ended = attempts.end(job.pk, running.lease, ending)
    assert ended and ended.state == State.SUCCEEDED
    expire(lost)
    assert sweeper.take_back_lost() == 1
    assert claim(lost) is None and fresh(lost).state == State.QUEUED


def test_of_two_pauses_both_must_end(submit: Submit, warden: User, rung: list[Any]) -> None:
    job = submit("ok")
    of_kind = pauses.pause(warden, "kind", KIND)
    of_queue = pauses.pause(warden, "queue", job.queue)
    rung.clear()
    pauses.resume(warden, of_kind.pk)
    assert not rung and claim(job) is None
    pauses.resume(warden, of_queue.pk)
    assert rung == [job.pk] and claim(job)


def test_the_sweeper_does_not_ring_for_what_is_paused(
    submit: Submit, warden: User, rung: list[Any]
) -> None:
    job = submit("ok")
    pause = pauses.pause(warden, "kind", KIND)
    long_ago = clock.now() - timedelta(seconds=job_limits().job_ring_again_seconds + 1)
    Job.objects.update(rung_at=long_ago)
    rung.clear()
    assert sweeper.ring_again(lambda queue: 0) == 0 and not rung
    # Whoever resumed it died before it rang.
    Pause.objects.filter(pk=pause.pk).update(resumed_at=clock.now())
    assert sweeper.ring_again(lambda queue: 0) == 1 and rung == [job.pk]


def test_who_may_and_what_there_is(warden: User, alice: User) -> None:
    with pytest.raises(Forbidden):
        pauses.pause(alice, "kind", KIND)
    for target, name in [("kind", "no.such"), ("queue", "no-such"), ("room", "lobby")]:
        with pytest.raises(Invalid):
            pauses.pause(warden, target, name)
    with pytest.raises(Invalid):
        pauses.pause(warden, "kind", KIND, "x" * 201)
    pause = pauses.pause(warden, "kind", KIND)
    with pytest.raises(Conflict):
        pauses.pause(warden, "kind", KIND)
    with pytest.raises(Forbidden):
        pauses.resume(alice, pause.pk)
    pauses.resume(warden, pause.pk)
    assert pauses.pause(warden, "kind", KIND).pk != pause.pk


def test_a_pause_waits_for_the_claim_that_is_under_way(submit: Submit, warden: User) -> None:
    """Nothing is claimed after its commit: a claim that has seen no pause is committed before."""
    if connection.vendor != "postgresql":
        pytest.skip("one transaction writes at a time there")
    job = submit("ok")
    done = threading.Event()

    def pause() -> None:
        try:
            pauses.pause(warden, "kind", KIND)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=pause)
    with transaction.atomic():
        assert claim(job)
        thread.start()
        until(lambda: _waits_for_lock())
        assert not done.is_set() and not Pause.objects.exists()
    thread.join()
    assert Pause.objects.get().name == KIND and fresh(job).state == State.RUNNING


def _waits_for_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_claim_costs_no_statement_more(submit: Submit) -> None:
    """Pauses are read with the job itself."""
    job = submit("ok")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert claim(job)
    mentions = [each["sql"] for each in queries if "jobs_pause" in each["sql"]]
    assert len(mentions) == 1 and mentions[0].startswith("SELECT") and "jobs_job" in mentions[0]
    assert not [each for each in queries if each["sql"].startswith("SELECT pg_advisory")]


def test_ages_leave_out_what_is_paused(submit: Submit, warden: User) -> None:
    job = submit("ok")
    pause = pauses.pause(warden, "kind", KIND)
    Job.objects.update(queued_at=clock.now() - timedelta(hours=3))
    queue = next(each for each in overview.queues() if each.name == job.queue)
    assert (queue.waiting, queue.paused, queue.since) == (1, 1, None)
    admission.forget()
    submit("ok")
    over = pauses.resume(warden, pause.pk).resumed_at
    queue = next(each for each in overview.queues() if each.name == job.queue)
    assert (queue.waiting, queue.paused, queue.since) == (2, 0, over)
    Pause.objects.update(resumed_at=clock.now() - timedelta(hours=2))
    admission.forget()
    with pytest.raises(Busy):
        submit("ok")


def test_pauses_that_are_over_go_with_the_jobs(warden: User) -> None:
    over = pauses.resume(warden, pauses.pause(warden, "kind", KIND).pk)
    pauses.pause(warden, "queue", "bulk")
    assert pruning.ended_pauses() == 0
    days = timedelta(days=job_limits().job_keep_days + 1)
    Pause.objects.filter(pk=over.pk).update(resumed_at=clock.now() - days)
    assert pruning.ended_pauses() == 1
    assert Pause.objects.get().name == "bulk"


def test_over_rest(caller: Callers, warden: User, alice: User, submit: Submit) -> None:
    job = submit("ok")
    staff, person = caller(warden), caller(alice)
    assert person.post("job-pauses", {"target": "kind", "name": KIND}).status_code == 403
    assert person.get("job-pauses").status_code == 403
    made = staff.post("job-pauses", {"target": "kind", "name": KIND, "reason": "disk full"})
    assert made.status_code == 201
    row = made.json()
    assert (row["target"], row["name"], row["reason"]) == ("kind", KIND, "disk full")
    assert row["paused_by"]["name"] == warden.name and row["resumed_at"] is None
    assert staff.post("job-pauses", {"target": "kind", "name": KIND}).status_code == 409
    assert staff.post("job-pauses", {"target": "kind", "name": "no.such"}).status_code == 422
    assert staff.get("job-pauses").json()["pauses"] == [row]
    assert staff.get("status").json()["pauses"] == [row]
    assert person.get(f"jobs/{job.pk}").json()["held"] == "paused"
    again = staff.post(f"job-pauses/{row['id']}/resume", {})
    assert again.status_code == 200 and again.json()["resumed_by"]["name"] == warden.name
    assert person.get(f"jobs/{job.pk}").json()["held"] is None
    assert staff.get("job-pauses").json()["pauses"] == []
    assert [each["id"] for each in staff.get("job-pauses?ended=true").json()["pauses"]] == [
        row["id"]
    ]
    assert staff.post("job-pauses/999999/resume", {}).status_code == 404


def test_every_kind_and_queue_can_be_paused_and_is_seen(warden: User) -> None:
    for queue in registry.QUEUES:
        pauses.pause(warden, "queue", queue)
    assert pausing.known().queues == set(registry.QUEUES)
    assert {pause.name for pause in overview.pauses()} == set(registry.QUEUES)
