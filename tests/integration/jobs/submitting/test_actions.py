"""Submitting, cancelling and retrying: who may, how often, and what comes of it."""

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

import pytest
from django.db import connection
from django.utils import timezone

from jobs.lifecycle import doorbell, representations
from jobs.models import Job, State
from jobs.submitting import actions, admission
from jobs.submitting.actions import Submission
from rooms.models import Event, Message, Room, User
from rooms.protocol import Busy, Conflict, Forbidden, Invalid, NotFound, RateLimited
from tests.integration.jobs.conftest import claim, fresh
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


class SetLimits(Protocol):
    def __call__(self, **values: object) -> None: ...


def in_threads(count: int, call: Callable[[int], object]) -> list[Any]:
    """Run `call(number)` side by side; what each returned or raised."""
    results: list[object] = [None] * count
    together = threading.Barrier(count)

    def work(number: int) -> None:
        together.wait(10)
        try:
            results[number] = call(number)
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    rings: list[uuid.UUID] = []
    monkeypatch.setattr(doorbell, "_ring", lambda jobs: rings.extend(job.pk for job in jobs))
    return rings


@pytest.fixture
def limits(settings: Any) -> SetLimits:
    def set_limits(**values: object) -> None:
        settings.PARLEY_JOB_LIMITS = settings.PARLEY_JOB_LIMITS.model_copy(update=values)

    return set_limits


# Submitting ---------------------------------------------------------------------------------------


def test_a_submitted_job_is_queued_told_and_rung_for(
    submit: Submit, rung: list[uuid.UUID], lobby: Room
) -> None:
    job = submit("ok")
    assert (job.state, job.queue) == (State.QUEUED, "interactive")
    event = Event.objects.get(type="job.changed")
    assert (event.room, event.seq, event.payload["job"]["id"]) == (lobby, job.seq, str(job.pk))
    assert rung == [job.pk]


def test_a_job_for_later_waits(submit: Submit, rung: list[uuid.UUID]) -> None:
    job = submit("ok", run_at=timezone.now() + timedelta(hours=1))
    assert (job.state, job.due_at, rung) == (State.SCHEDULED, job.run_at, [])


def test_a_time_that_has_passed_is_now(submit: Submit, rung: list[uuid.UUID]) -> None:
    assert submit("ok", run_at=timezone.now() - timedelta(hours=1)).state == State.QUEUED


def test_a_job_needs_no_room(submit: Submit, alice: User) -> None:
    job = submit("ok", room=None)
    assert (job.room, job.seq) == (None, None)
    assert not Event.objects.filter(type="job.changed").exists()


def test_the_same_key_is_the_same_job(submit: Submit, rung: list[uuid.UUID]) -> None:
    key = str(uuid.uuid4())
    assert submit("ok", key=key).pk == submit("ok", key=key).pk
    assert (Job.objects.count(), len(rung)) == (1, 1)


def test_the_same_key_for_other_work_is_refused(submit: Submit) -> None:
    submit("ok", key="k")
    with pytest.raises(Invalid, match="another job"):
        submit("error", key="k")


def test_a_key_is_its_users_own(submit: Submit, bob: User) -> None:
    assert submit("ok", key="k").pk != submit("ok", key="k", user=bob).pk


def test_the_same_key_at_the_same_time_is_one_job(submit: Submit, rung: list[uuid.UUID]) -> None:
    jobs = in_threads(4, lambda _: submit("ok", key="k").pk)
    assert len(set(jobs)) == 1, jobs
    assert Event.objects.filter(type="job.changed").count() == 1


def test_a_broker_that_is_away_fails_nobody(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ring(jobs: Sequence[Job]) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(doorbell, "_ring", ring)
    assert submit("ok").state == State.QUEUED


@pytest.mark.parametrize(
    ("kind", "params", "room", "said"),
    [
        ("no.such", {}, "lobby", "no kind"),
        ("room.report", {"days": 0}, "lobby", "params/days"),
        ("room.report", {"dayz": 1}, "lobby", "params/dayz"),
        ("room.report", {}, None, "needs a room"),
        ("test.outcome", {"value": "a\x00b"}, "lobby", "NUL"),
        ("test.outcome", {"value": "x" * 70_000}, "lobby", "bytes"),
        ("test.outcome", {"steps": 2**70}, "lobby", "params"),
        ("test.outcome", {"value": "\ud800"}, "lobby", "params"),
    ],
)
def test_bad_submissions_are_explained(
    alice: User, lobby: Room, kind: str, params: dict[str, object], room: str | None, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        actions.submit(Submission(alice, kind, params, room))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": 10},
        {"priority": -1},
        {"key": "k" * 256},
        {"run_at": timezone.now() + timedelta(days=400)},
        {"run_at": timezone.now().replace(tzinfo=None)},
    ],
)
def test_bad_options_are_refused(alice: User, lobby: Room, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        actions.submit(Submission(alice, "room.report", {}, "lobby", **wrong))


# Who may ------------------------------------------------------------------------------------------


def test_who_works_in_a_public_room_joins_it(submit: Submit, charlie: User, lobby: Room) -> None:
    assert submit("ok", user=charlie).room == lobby
    assert lobby.memberships.filter(user=charlie).exists()
    told = Event.objects.order_by("-seq").values_list("type", flat=True)[:2]
    assert list(told) == ["job.changed", "member.joined"]


def test_a_stranger_learns_nothing_of_a_private_room(
    submit: Submit, charlie: User, bob: User, den: Room
) -> None:
    with pytest.raises(NotFound):
        submit("ok", user=charlie, room="den")
    job = submit("ok", user=bob, room="den")
    for act in (actions.find, actions.cancel, actions.retry):
        with pytest.raises(NotFound):
            act(charlie, job.pk)
    assert not Job.objects.visible_to(charlie).exists()
    assert Job.objects.visible_to(bob).get() == job


def test_an_archived_room_takes_no_jobs(submit: Submit, lobby: Room) -> None:
    Room.objects.filter(pk=lobby.pk).update(archived_at=timezone.now())
    with pytest.raises(Forbidden):
        submit("ok")


def test_the_requester_and_the_rooms_owner_control_a_job(
    submit: Submit, alice: User, bob: User, charlie: User
) -> None:
    job = submit("ok", user=bob)
    with pytest.raises(Forbidden):
        actions.cancel(charlie, job.pk)
    assert actions.cancel(alice, job.pk).state == State.CANCELLED
    assert actions.retry(bob, job.pk).state == State.QUEUED


def test_a_member_does_not_control_the_jobs_of_others(submit: Submit, bob: User) -> None:
    with pytest.raises(Forbidden):
        actions.cancel(bob, submit("ok").pk)


def test_a_job_without_a_room_is_its_requesters_and_the_staffs(
    submit: Submit, alice: User, bob: User
) -> None:
    job = submit("ok", room=None)
    with pytest.raises(NotFound):
        actions.find(bob, job.pk)
    bob.is_staff = bob.is_superuser = True
    bob.save()
    assert actions.find(bob, job.pk)[0] == job
    assert actions.cancel(bob, job.pk).state == State.CANCELLED


# How many -----------------------------------------------------------------------------------------


def test_a_person_has_so_many_unfinished_jobs(submit: Submit, limits: SetLimits, bob: User) -> None:
    limits(jobs_in_flight_per_user=2)
    submit("ok", key="first")
    submit("ok")
    with pytest.raises(RateLimited) as refused:
        submit("ok")
    assert refused.value.retry_after is not None and refused.value.retry_after >= 1
    assert submit("ok", key="first"), "an answer that was given already is given again"
    assert submit("ok", user=bob)


def test_at_the_same_time_nobody_gets_more_than_their_share(
    submit: Submit, limits: SetLimits
) -> None:
    limits(jobs_in_flight_per_user=3)
    results = in_threads(6, lambda _: submit("ok"))
    assert sum(isinstance(result, RateLimited) for result in results) == 3, results
    assert Job.objects.count() == 3


def test_a_full_queue_takes_no_more(submit: Submit, limits: SetLimits) -> None:
    limits(jobs_queued=2)
    submit("ok")
    submit("ok")
    with pytest.raises(Busy):
        submit("ok")
    assert submit("ok", kind="test.short"), "another queue has room"


def test_a_queue_that_stands_still_takes_no_more(submit: Submit, limits: SetLimits) -> None:
    limits(job_oldest_seconds=60)
    job = submit("ok")
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - timedelta(seconds=61))
    admission.forget()
    with pytest.raises(Busy):
        submit("ok")


# Cancelling and retrying --------------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once(submit: Submit, alice: User) -> None:
    for job in (submit("ok"), submit("ok", run_at=timezone.now() + timedelta(hours=1))):
        assert actions.cancel(alice, job.pk).state == State.CANCELLED
        assert Message.objects.filter(subject=job.pk).count() == 1
        assert claim(job, "test") is None


def test_cancelling_twice_is_cancelling_once(submit: Submit, alice: User) -> None:
    job = submit("ok")
    actions.cancel(alice, job.pk)
    assert actions.cancel(alice, job.pk).state == State.CANCELLED
    assert Message.objects.filter(subject=job.pk).count() == 1


def test_an_ended_job_stays_as_it_is(submit: Submit, run: Run, alice: User) -> None:
    job = run(submit("ok"))
    assert actions.cancel(alice, job.pk).state == State.SUCCEEDED
    with pytest.raises(Conflict):
        actions.retry(alice, job.pk)


def test_a_cancelled_job_says_who_wanted_it_until_it_begins_again(
    submit: Submit, run: Run, alice: User, bob: User
) -> None:
    job = submit("ok")
    actions.cancel(alice, job.pk)
    assert representations.job(fresh(job))["cancelled_by"] == {"id": alice.pk, "name": "Alice"}
    assert representations.job(actions.retry(alice, job.pk))["cancelled_by"] is None
    assert claim(job) is not None
    asked = actions.cancel(alice, job.pk)
    assert representations.job(asked)["cancelled_by"]["name"] == "Alice"
    # Whoever asks second is not who it was.
    bob.is_staff = bob.is_superuser = True
    bob.save()
    actions.cancel(bob, job.pk)
    assert fresh(job).cancelled_by == alice
    told = Event.objects.filter(type="job.changed").latest("seq")
    assert told.payload["job"]["cancelled_by"]["name"] == "Alice"


def test_cancelling_races_with_the_worker_and_one_of_them_wins(submit: Submit, alice: User) -> None:
    job = submit("ok")
    cancelled, claimed = in_threads(
        2, lambda n: claim(job, "test") if n else actions.cancel(alice, job.pk)
    )
    if claimed is None:
        assert fresh(job).state == State.CANCELLED
    else:
        assert cancelled.cancel_requested_at is not None
        assert fresh(job).state == State.RUNNING


def test_a_job_is_claimed_once_however_many_try(submit: Submit) -> None:
    job = submit("ok")
    claims = in_threads(4, lambda n: claim(job, f"worker {n}"))
    assert [each is not None for each in claims].count(True) == 1, claims
    assert fresh(job).attempts.count() == 1


def test_a_retried_job_has_its_attempts_again(
    submit: Submit, run: Run, alice: User, rung: list[uuid.UUID]
) -> None:
    job = run(submit("give_up"))
    again = actions.retry(alice, job.pk)
    assert (again.state, again.attempt, again.max_attempts) == (State.QUEUED, 1, 4)
    assert (again.error_class, again.finished_at, rung[-1]) == ("", None, job.pk)
    run(job)
    assert Message.objects.filter(subject=job.pk).count() == 2, "each end is told"


def test_retrying_is_limited_like_submitting(
    submit: Submit, run: Run, alice: User, limits: SetLimits
) -> None:
    job = run(submit("give_up"))
    limits(jobs_in_flight_per_user=1)
    submit("ok")
    with pytest.raises(RateLimited):
        actions.retry(alice, job.pk)
    assert fresh(job).state == State.FAILED
