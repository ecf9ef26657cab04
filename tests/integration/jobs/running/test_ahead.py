"""Short jobs that a process which runs one after the other claims together."""

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.lifecycle import ahead, attempts
from jobs.models import Attempt, Job, Outcome, State, Worker
from jobs.running import ahead as running_ahead
from jobs.running import clerk, crew, runner
from rooms.models import Message
from tests import kinds
from tests.integration.jobs.conftest import PROCESS, claim, fresh, outcomes
from tests.support.waiting import until
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)
ALONE = replace(PROCESS, name="test/alone", waits_for_ends=False)
KIND = "test.outcome"


def known_as_short(kind: str = KIND) -> clerk.Clerk:
    ours = crew.of(ALONE).clerk
    for _ in range(running_ahead.ATTEMPTS_TO_KNOW):
        ours.ahead.ran(kind, 0.001)
    return ours


def states() -> dict[str, int]:
    found = list(Job.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_what_was_claimed_together_is_run_and_reported_each_once(submit: Submit) -> None:
    known_as_short()
    jobs = [submit("ok") for _ in range(12)]
    runner.run(jobs[5].pk, ALONE)
    # A quarter of the other eleven.
    until(lambda: states() == {State.SUCCEEDED: 3, State.QUEUED: 9})
    done = [job for job in jobs if fresh(job).state == State.SUCCEEDED]
    assert jobs[5] in done
    for job in done:
        assert outcomes(job) == [Outcome.SUCCEEDED]
        assert Message.objects.filter(subject=job.pk).count() == 1
        # Its own message, later.
        runner.run(job.pk, ALONE)
    for job in jobs:
        runner.run(job.pk, ALONE)
    until(lambda: states() == {State.SUCCEEDED: 12})
    assert Attempt.objects.count() == Message.objects.filter(kind="job").count() == 12


def test_a_message_that_finds_nothing_to_do_opens_no_transaction(submit: Submit) -> None:
    job = submit("ok")
    assert claim(job)
    with CaptureQueriesContext(connection) as asked:
        assert ahead.claimable(job.pk, lambda kind: 20) == []
    assert len(asked) == 1


def test_kinds_that_are_not_known_as_short_are_claimed_alone(submit: Submit) -> None:
    ours = crew.of(ALONE).clerk
    for _ in range(20):
        ours.ahead.ran(KIND, 0.2)
    jobs = [submit("ok") for _ in range(12)]
    runner.run(jobs[0].pk, ALONE)
    until(lambda: fresh(jobs[0]).state == State.SUCCEEDED)
    assert states() == {State.SUCCEEDED: 1, State.QUEUED: 11}


def test_others_are_of_the_same_kind_and_priority_hold_no_key_and_were_never_lost(
    submit: Submit,
) -> None:
    named = submit("ok")
    like_it = [submit("ok") for _ in range(4)]
    other = submit("ok", kind="test.short")
    lost, urgent, keyed = submit("ok"), submit("ok"), submit("ok")
    Job.objects.filter(pk=lost.pk).update(losses=1)
    Job.objects.filter(pk=urgent.pk).update(priority=0)
    Job.objects.filter(pk=keyed.pk).update(hold_key="a")
    found: set[UUID] = set()
    for _ in range(60):
        found |= set(ahead.claimable(named.pk, lambda kind: 20))
    assert found == {named.pk, *(job.pk for job in like_it)}
    assert other.pk not in found
    assert ahead.claimable(lost.pk, lambda kind: 20) == [lost.pk]


def test_what_waits_behind_a_job_that_takes_its_time_goes_back(
    submit: Submit, rung: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    known_as_short()
    jobs = [submit("ok") for _ in range(12)]
    rung.clear()
    others_are_back: list[bool] = []

    def takes_its_time(ctx: Any) -> dict[str, str]:
        until(lambda: states() == {State.RUNNING: 1, State.QUEUED: 11})
        others_are_back.append(True)
        return {"summary": "done"}

    monkeypatch.setitem(kinds.OUTCOMES, "ok", takes_its_time)
    runner.run(jobs[0].pk, ALONE)
    assert others_are_back == [True]
    until(lambda: states() == {State.SUCCEEDED: 1, State.QUEUED: 11})
    handed_back = Attempt.objects.exclude(job=jobs[0])
    assert {attempt.outcome for attempt in handed_back} == {Outcome.INTERRUPTED}
    assert sorted(rung) == sorted(attempt.job_id for attempt in handed_back)
    assert len(rung) == 2
    for job in jobs:
        # It has cost them nothing.
        assert fresh(job).max_attempts - job.max_attempts == len(outcomes(job)) - (job is jobs[0])


def test_a_worker_that_shuts_down_hands_back_what_it_has_not_begun(
    submit: Submit, rung: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    known_as_short()
    draining = threading.Event()
    going = replace(ALONE, draining=draining.is_set)
    jobs = [submit("ok") for _ in range(12)]
    rung.clear()

    def drains(ctx: Any) -> dict[str, str]:
        draining.set()
        return {"summary": "done"}

    monkeypatch.setitem(kinds.OUTCOMES, "ok", drains)
    runner.run(jobs[0].pk, going)
    until(lambda: states() == {State.SUCCEEDED: 1, State.QUEUED: 11})
    assert len(rung) == 2


def test_a_lease_that_is_lost_takes_what_was_claimed_ahead_with_it(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = known_as_short()
    jobs = [submit("ok") for _ in range(12)]
    runs: list[int] = []

    def loses_its_lease(ctx: Any) -> dict[str, str]:
        runs.append(1)
        Worker.objects.update(lease_expires_at="2000-01-01T00:00Z")
        ours.lease.beat_at = 0.0
        until(lambda: ours.lease.worker is None and not ours.ahead)
        return {"summary": "done"}

    monkeypatch.setitem(kinds.OUTCOMES, "ok", loses_its_lease)
    monkeypatch.setattr(running_ahead, "PATIENCE_SECONDS", 60.0)
    runner.run(jobs[0].pk, ALONE)
    assert len(runs) == 1
    # The sweeper takes back what was not begun; the end of what was is written, because nobody has
    # taken the job over yet.
    until(lambda: states()[State.RUNNING] == 2)
    assert fresh(jobs[0]).state != State.RUNNING


def test_a_claim_whose_answer_was_lost_goes_back_at_the_second_beat(
    submit: Submit, rung: list[UUID]
) -> None:
    ours = known_as_short()
    mine, other = submit("ok"), submit("ok", kind="test.short")
    runner.run(other.pk, ALONE)
    until(lambda: ours.lease.worker is not None)
    rung.clear()
    assert ours.lease.worker is not None
    assert attempts.claim(mine.pk, ours.lease.worker)
    ours.lease.beat_at = 0.0
    until(lambda: ours._unknown)
    assert fresh(mine).state == State.RUNNING
    ours.lease.beat_at = 0.0
    until(lambda: fresh(mine).state == State.QUEUED)
    until(lambda: rung == [mine.pk])
    assert outcomes(mine) == [Outcome.INTERRUPTED]
