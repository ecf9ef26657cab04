"""Whose turn it is where the broker orders nothing."""

from uuid import uuid4

import pytest

from jobs.lifecycle import turns
from jobs.models import Job, Pause, State
from jobs.running import runner
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Room, User
from tests.integration.jobs.conftest import PROCESS, claim
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)


def with_priority(submit: Submit, priority: int, kind: str = "test.outcome") -> Job:
    job = submit("ok", kind=kind)
    Job.objects.filter(pk=job.pk).update(priority=priority)
    return job


def test_the_most_urgent_job_goes_first_and_every_message_runs_one(submit: Submit) -> None:
    jobs = [with_priority(submit, priority) for priority in (7, 3, 9, 0, 5)]
    order = []
    for job in jobs:
        ended = runner.run(job.pk, PROCESS, turns.whose)
        assert ended is not None
        order.append(ended.priority)
    assert order == [0, 3, 5, 7, 9]
    assert runner.run(jobs[0].pk, PROCESS, turns.whose) is None
    assert set(Job.objects.values_list("state", flat=True)) == {State.SUCCEEDED}


def test_equals_go_as_their_messages_come(submit: Submit) -> None:
    first, second = with_priority(submit, 5), with_priority(submit, 5)
    assert turns.whose(second.pk) == second.pk
    assert turns.whose(first.pk) == first.pk


def test_a_queue_and_what_needs_a_process_keep_to_themselves(submit: Submit) -> None:
    named = with_priority(submit, 9)
    other = with_priority(submit, 0)
    Job.objects.filter(pk=other.pk).update(queue="bulk")
    alone = with_priority(submit, 0, kind="test.process")
    Job.objects.filter(pk=alone.pk).update(queue=named.queue)
    assert turns.whose(named.pk) == named.pk
    assert turns.whose(alone.pk) == alone.pk
    assert turns.whose(uuid4()) is None


def test_who_was_not_quick_enough_takes_the_next_one(submit: Submit) -> None:
    urgent, named = with_priority(submit, 0), with_priority(submit, 9)
    told = iter([urgent.pk, named.pk])
    Job.objects.filter(pk=urgent.pk).update(state=State.RUNNING)
    ended = runner.run(named.pk, PROCESS, lambda job_id: next(told))
    assert ended is not None and ended.pk == named.pk


def test_what_may_not_begin_keeps_nobody_from_their_turn(
    submit: Submit, alice: User, lobby: Room
) -> None:
    held = actions.submit(Submission(alice, "test.keyed", {"value": "x"}, "lobby"))[0]
    first = actions.submit(Submission(alice, "test.keyed", {"value": "x"}, "lobby"))[0]
    assert claim(first) is None and claim(held) is not None
    Job.objects.filter(pk=first.pk).update(priority=0, queue="interactive")
    paused = with_priority(submit, 0, kind="test.short")
    Job.objects.filter(pk=paused.pk).update(queue="interactive")
    Pause.objects.create(target="kind", name="test.short", paused_at=clock.now())
    named = with_priority(submit, 9)
    assert turns.whose(named.pk) == named.pk
    assert turns.whose(paused.pk) == named.pk, "its message is as good as any"
    ended = runner.run(paused.pk, PROCESS, turns.whose)
    assert ended is not None and ended.pk == named.pk
