"""Whatever happens in whatever order: nothing paused is begun, no more than its kind says run at
once of a key, and in the end every job has ended, each begun as often as it was claimed.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.lifecycle import attempts, doorbell, transitions
from jobs.lifecycle.attempts import Claim
from jobs.lifecycle.verdict import Ending
from jobs.loops import sweeper
from jobs.models import Job, Outcome, Pause, State
from jobs.submitting import actions, admission, pauses
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Room, User
from tests.integration.jobs.conftest import claim, expire, fresh

pytestmark = pytest.mark.django_db(transaction=True)
DONE = Ending(Outcome.SUCCEEDED, result={"summary": "done"})
KIND = "test.keyed"
# What makes jobs meet comes more often than what keeps them apart.
STEPS = [*["submit a", "take"] * 3, "submit b", "pause", "resume", "end", "lose", "cancel"]
STEPS += ["flush", "sweep"]


@pytest.fixture
def broker() -> Iterator[list[UUID]]:
    """The messages that workers have not taken yet."""
    found: list[UUID] = []
    before = doorbell._ring
    doorbell.carried_by(lambda jobs: found.extend(job.pk for job in jobs))
    yield found
    assert before is not None
    doorbell.carried_by(before)


class Walk:
    def __init__(self, user: User, broker: list[UUID]) -> None:
        self.user, self.broker = user, broker
        self.running: list[Claim] = []
        self.begun: dict[UUID, int] = {}

    def step(self, step: str, number: int) -> None:
        what, _, value = step.partition(" ")
        getattr(self, what)(value or number)
        self.check()

    def check(self) -> None:
        rows = list(Job.objects.all())
        running = [job.hold_key for job in rows if job.state == State.RUNNING]
        assert len(running) == len(set(running))
        assert {job.pk for job in rows if job.state == State.RUNNING} == {
            each.job.pk for each in self.running
        }
        for job in rows:
            assert job.attempt == self.begun.get(job.pk, 0)

    def submit(self, value: str) -> None:
        actions.submit(Submission(self.user, KIND, {"value": value}, "lobby"))

    def pause(self, _: int) -> None:
        if not Pause.objects.filter(resumed_at=None).exists():
            pauses.pause(self.user, "kind", KIND)

    def resume(self, _: int) -> None:
        for row in Pause.objects.filter(resumed_at=None):
            pauses.resume(self.user, row.pk)

    def take(self, number: int) -> None:
        if not self.broker:
            return
        job = fresh(Job(pk=self.broker.pop(number % len(self.broker))))
        begun = claim(job)
        if begun is not None:
            assert not Pause.objects.filter(resumed_at=None).exists()
            self.begun[job.pk] = self.begun.get(job.pk, 0) + 1
            self.running.append(begun)

    def end(self, number: int) -> None:
        if self.running:
            begun = self.running.pop(number % len(self.running))
            assert attempts.end(begun.job.pk, begun.lease, DONE)

    def lose(self, number: int) -> None:
        if self.running:
            begun = self.running.pop(number % len(self.running))
            expire(begun.job)
            assert sweeper.take_back_lost() == 1
            assert attempts.end(begun.job.pk, begun.lease, DONE) is None

    def cancel(self, number: int) -> None:
        rows = list(Job.objects.filter(state=State.QUEUED).order_by("created_at"))
        if rows:
            transitions.cancel_unclaimed(rows[number % len(rows)].pk)

    def flush(self, _: int) -> None:
        """The broker forgets everything."""
        self.broker.clear()

    def sweep(self, _: int) -> None:
        """After so long that whatever was not taken may be rung for again."""
        Job.objects.update(rung_at=clock.now() - timedelta(minutes=1))
        sweeper.ring_again(lambda queue: len(self.broker))

    def finish(self) -> None:
        """Bells alone bring all to their end, when the sweeper has made up for lost ones."""
        self.resume(0)
        while self.running:
            self.step("end", 0)
        self.flush(0)
        self.step("sweep", 0)
        while self.broker:
            self.step("take", 0)
            if self.running:
                self.step("end", 0)
        assert not Job.objects.filter(state__in=[State.QUEUED, State.RUNNING]).exists()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), min_size=12, max_size=25))
def test_any_order(
    alice: User, lobby: Room, broker: list[UUID], steps: list[tuple[str, int]]
) -> None:
    Job.objects.all().delete()
    Pause.objects.all().delete()
    broker.clear()
    admission.forget()
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(codename__in=["view_job", "change_pause"]))
    walk = Walk(User.objects.get(pk=alice.pk), broker)
    for step, number in steps:
        walk.step(step, number)
    walk.finish()
