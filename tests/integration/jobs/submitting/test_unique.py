"""Kinds of which the same is not done twice within a time: the job that is there is the answer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection

from jobs import registry
from jobs.lifecycle import transitions
from jobs.models import Job, KeptAnswer, State
from jobs.submitting import actions, intake, submission
from jobs.submitting.actions import Submission
from jobs.submitting.insertion import Submitted
from rooms.database import clock
from rooms.models import Membership, Room, User
from rooms.protocol import Invalid
from tests.integration.jobs.conftest import fresh
from tests.support.caller import Callers
from tests.support.workshop import Run

pytestmark = pytest.mark.django_db(transaction=True)
Again = Callable[..., tuple[Job, bool]]
KIND = "test.unique"


@pytest.fixture
def again(alice: User, lobby: Room) -> Again:
    """Alice's job in the lobby, and whether it is new."""

    def submit(
        value: str = "a", user: User = alice, room: str | None = "lobby", **options: Any
    ) -> tuple[Job, bool]:
        outcome = options.pop("outcome", "ok")
        wanted = Submission(user, KIND, {"value": value, "outcome": outcome}, room, **options)
        return actions.submit(wanted)

    return submit


def test_the_same_is_the_job_that_is_there(again: Again) -> None:
    job, new = again()
    assert new
    # What the outcome is does not count for this kind.
    assert again(outcome="error") == (job, False)
    other, new = again("b")
    assert new and other != job
    assert Job.objects.count() == 2


def test_after_the_end_or_the_window_it_is_a_new_one(again: Again, run: Run) -> None:
    first, _ = again()
    assert run(first).state == State.SUCCEEDED
    second, new = again()
    assert new and second != first
    assert transitions.cancel_unclaimed(second.pk)
    third, new = again()
    assert new
    Job.objects.filter(pk=third.pk).update(unique_until=clock.now() - timedelta(seconds=1))
    fourth, new = again()
    assert new and fourth != third
    assert fresh(third).unique_key is None and fresh(third).state == State.QUEUED
    assert again() == (fourth, False)
    # A version before does not say that it ended.
    Job.objects.filter(pk=fourth.pk).update(state=State.FAILED, finished_at=clock.now())
    assert again()[1]


def test_one_that_fails_for_now_is_still_there(again: Again, run: Run) -> None:
    job, _ = again(outcome="error")
    assert run(job).state == State.RETRYING
    assert again() == (job, False)


def test_in_a_room_it_is_everybodys_and_else_ones_own(
    again: Again, alice: User, bob: User, lobby: Room
) -> None:
    job, _ = again()
    assert again(user=bob) == (job, False)
    own, new = again(room=None)
    assert new and own != job
    assert again(room=None) == (own, False)
    # Nobody else may see that one.
    bobs, new = again(user=bob, room=None)
    assert new and bobs.requested_by == bob
    hall = Room.objects.create(slug="hall", name="Hall", visibility="private")
    Membership.objects.create(room=hall, user=alice)
    assert again(room="hall")[1]


def test_of_two_that_submit_at_once_one_makes_it(alice: User, bob: User, lobby: Room) -> None:
    for round_ in range(5):
        assert (
            _race(
                [
                    Submission(user, KIND, {"value": str(round_)}, "lobby")
                    for user in (alice, bob, alice, bob)
                ]
            )
            == 1
        )
        assert _race([Submission(alice, KIND, {"value": str(round_)})] * 3) == 1


def _race(wanted: list[Submission]) -> int:
    """How many were new. Each in a transaction of its own, as from processes of their own."""
    start, found = threading.Barrier(len(wanted)), []

    def work(one: Submission) -> None:
        try:
            start.wait()
            found.extend(intake.write([submission.checked(one)]))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[each]) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [each for each in found if isinstance(each, Submitted)]
    assert len(done) == len(wanted)
    assert len({each.job.pk for each in done}) == 1
    return sum(each.new for each in done)


def test_the_database_holds_one_a_window(again: Again) -> None:
    job, _ = again()
    other, _ = again("b")
    with pytest.raises(IntegrityError):
        Job.objects.filter(pk=other.pk).update(unique_key=fresh(job).unique_key)


def test_within_one_transaction(alice: User, bob: User, lobby: Room) -> None:
    wanted = [Submission(user, KIND, {"value": "a"}, "lobby") for user in (alice, bob)]
    first, second = intake.write([submission.checked(each) for each in wanted])
    assert isinstance(first, Submitted) and isinstance(second, Submitted)
    assert first.new and not second.new and first.job.pk == second.job.pk


def test_over_rest_it_is_200_with_where_it_is(caller: Callers, alice: User, lobby: Room) -> None:
    ask = {"kind": KIND, "room": "lobby", "params": {"value": "a"}}
    first = caller(alice).post("jobs", ask)
    again = caller(alice).post("jobs", ask)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json() and again["Location"] == first["Location"]
    batch = caller(alice).post("jobs/batch", {"mode": "each", "jobs": [ask, ask]}).json()
    assert [each["status"] for each in batch["outcomes"]] == [200, 200]
    kinds = {each["name"]: each for each in caller(alice).get("job-kinds").json()["kinds"]}
    assert kinds[KIND]["limits"]["unique_within"] == 600


def test_a_key_stands_for_the_job_that_was_there(again: Again, run: Run, alice: User) -> None:
    """The same request with the same key does nothing again, even after that job has ended."""
    job, _ = again()
    assert again(key="k") == (job, False)
    assert run(job).state == State.SUCCEEDED
    assert again(key="k") == (job, False)
    assert KeptAnswer.objects.get().status == 200
    with pytest.raises(Invalid):
        again("b", key="k")
    wanted = Submission(alice, KIND, {"value": "a", "outcome": "ok"}, "lobby", key="k")
    done = actions.submit_for_answer(wanted)
    assert done.status == 200 and done.answer and '"queued"' in done.answer
    assert again(key="other")[1]


def test_declarations() -> None:
    known = registry.get(KIND)

    def declared(**options: Any) -> registry.Kind:
        return registry.Kind("x.y", "X", "", known.params, known.run, **options)

    day = timedelta(days=1)
    assert declared(unique_within=day, unique_params=("value",)).unique_within == day
    for wrong in (
        {"unique_within": timedelta(0)},
        {"unique_params": ("value",)},
        {"unique_within": day, "unique_params": ("nothing",)},
    ):
        with pytest.raises(ImproperlyConfigured):
            declared(**wrong)
