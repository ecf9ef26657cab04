"""Schedules fire: each time once, whoever sweeps, and nothing that was due is lost or doubled."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from jobs import registry
from jobs.lifecycle import doorbell
from jobs.limits import job_limits
from jobs.loops import recurring, sweeper
from jobs.models import Job, Schedule, State
from jobs.scheduling import actions, times
from jobs.scheduling.actions import NewSchedule
from jobs.submitting import admission
from jobs.submitting.actions import submit
from rooms.database import clock
from rooms.features.members import actions as members
from rooms.models import Event, Membership, Room, User
from tests.integration.jobs.submitting.test_actions import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., Schedule]


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_ring", lambda jobs: None)


@pytest.fixture
def limits(settings: Any) -> Callable[..., None]:
    def set_limits(**values: object) -> None:
        settings.PARLEY_JOB_LIMITS = job_limits().model_copy(update=values)

    return set_limits


@pytest.fixture
def make(alice: User, lobby: Room) -> Make:
    """Alice's schedule in the lobby, every minute unless it is said."""

    def make(user: User = alice, room: str | None = "lobby", **values: Any) -> Schedule:
        when = {} if "cron" in values else {"every": 60}
        return actions.make(user, NewSchedule("test.outcome", room=room, **{**when, **values}))

    return make


def late(row: Schedule, seconds: float) -> None:
    """It has been for so long, and was due so long ago, on the minute."""
    row.begins_at = row.created_at = clock.now() - timedelta(seconds=seconds + 60)
    row.next_run_at = row.begins_at + timedelta(seconds=60)
    row.save()


def fresh(row: Schedule) -> Schedule:
    return Schedule.objects.get(pk=row.pk)


def comes(row: Schedule) -> datetime:
    """When it comes next, as far as this row knows."""
    assert row.next_run_at is not None
    return row.next_run_at


def jobs(row: Schedule) -> list[Job]:
    return list(Job.objects.filter(schedule=row).order_by("scheduled_for"))


def told() -> list[dict[str, Any]]:
    events = Event.objects.filter(type="schedule.changed").order_by("seq")
    return [event.payload["schedule"] for event in events]


def test_what_is_due_is_submitted_and_comes_again(make: Make, alice: User, lobby: Room) -> None:
    row = make()
    assert recurring.fire_due() == 0, "it is not due"
    late(row, 5)
    due = comes(row)
    assert sweeper.sweep(lambda queue: None).fired == 1
    (job,) = jobs(row)
    assert (job.scheduled_for, job.requested_by, job.room) == (due, alice, lobby)
    assert (job.state, job.params["outcome"]) == (State.QUEUED, "ok")
    now = fresh(row)
    assert now.next_run_at == due + timedelta(seconds=60)
    assert (now.last_job_id, now.last_run_at is not None) == (job.pk, True)
    assert told()[-1]["last_job"] == str(job.pk)
    assert recurring.fire_due() == 0


def test_of_many_sweepers_one_fires(make: Make) -> None:
    rows = [make() for _ in range(3)]
    for row in rows:
        late(row, 5)
    fired = in_threads(4, lambda _: recurring.fire_due())
    assert [each for each in fired if not isinstance(each, int)] == []
    assert sum(fired) == 3
    assert [len(jobs(row)) for row in rows] == [1, 1, 1]


def test_a_time_has_one_job_whatever_happens(make: Make, alice: User) -> None:
    row = make()
    late(row, 5)
    recurring.fire_due()
    # The row is put back to an earlier state, as a second firing would find it.
    Schedule.objects.filter(pk=row.pk).update(next_run_at=row.next_run_at)
    recurring.fire_due()
    (job,) = jobs(row)
    again = Job(kind=job.kind, title="", queue=job.queue, schedule=row)
    again.scheduled_for = job.scheduled_for
    with pytest.raises(IntegrityError):
        again.save(force_insert=True)
    assert comes(fresh(row)) > clock.now()


@pytest.mark.parametrize(("rule", "number"), [("once", 1), ("all", 6), ("skip", 0)])
def test_times_that_were_missed(make: Make, rule: str, number: int, limits: Any) -> None:
    limits(schedule_late_seconds=2)
    row = make(catch_up=rule)
    late(row, 305)
    assert recurring.fire_due() == number
    # The last of them is five seconds old, and so later than `skip` still keeps.
    first = comes(row)
    expected = [first + timedelta(minutes=n) for n in range(6)][6 - number :]
    assert [job.scheduled_for for job in jobs(row)] == expected
    assert fresh(row).next_run_at == first + timedelta(minutes=6)


def test_what_is_a_little_late_is_not_left_out(make: Make) -> None:
    row = make(catch_up="skip")
    late(row, 5)
    assert recurring.fire_due() == 1


def test_a_long_outage_is_made_up_for_up_to_a_bound(make: Make, limits: Any) -> None:
    limits(schedule_catch_up=3)
    row = make(catch_up="all")
    late(row, 300 * 86_400)
    assert recurring.fire_due() == 3
    kept = [job.scheduled_for for job in jobs(row)]
    assert kept == [comes(fresh(row)) - timedelta(minutes=n) for n in (3, 2, 1)]


def test_what_is_refused_for_load_is_tried_again(make: Make, alice: User, limits: Any) -> None:
    first, second = make(catch_up="all"), make(room=None)
    for row in (first, second):
        late(row, 65)
    limits(jobs_in_flight_per_user=1)
    assert recurring.fire_due() == 1
    assert recurring.fire_due() == 0
    assert not fresh(first).paused and not fresh(second).paused
    limits(jobs_in_flight_per_user=50)
    assert recurring.fire_due() == 2
    assert (len(jobs(first)), len(jobs(second))) == (2, 1)


def test_a_full_queue_keeps_no_other_queue_waiting(make: Make, limits: Any) -> None:
    here, there = make(), make()
    Schedule.objects.filter(pk=there.pk).update(kind="room.report", params={})
    late(here, 5)
    late(fresh(there), 4)
    queue, other = (registry.get(kind).queue for kind in ("test.outcome", "room.report"))
    assert queue != other
    limits(jobs_queued=1)
    Job.objects.create(kind="x", title="x", queue=queue, queued_at=clock.now())
    admission.forget()
    assert recurring.fire_due() == 1
    assert (len(jobs(here)), len(jobs(there))) == (0, 1)
    assert not fresh(here).paused


def close_account(row: Schedule) -> None:
    User.objects.filter(pk=row.owner_id or 0).update(is_active=False)


def delete_account(row: Schedule) -> None:
    Schedule.objects.filter(pk=row.pk).update(owner=None)


def leave(row: Schedule) -> None:
    assert row.owner is not None
    members.leave(row.owner, "lobby")


def archive(row: Schedule) -> None:
    Room.objects.filter(pk=row.room_id or 0).update(archived_at=clock.now())


def lose_kind(row: Schedule) -> None:
    Schedule.objects.filter(pk=row.pk).update(kind="gone.kind")


def spoil_params(row: Schedule) -> None:
    Schedule.objects.filter(pk=row.pk).update(params={"outcome": "no such outcome"})


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (close_account, "not active"),
        (delete_account, "not active"),
        (leave, "not a member"),
        (archive, "archived"),
        (lose_kind, "no kind of job 'gone.kind'"),
        (spoil_params, "outcome"),
    ],
)
def test_what_cannot_be_done_any_more_is_paused(
    make: Make, bob: User, spoil: Callable[[Schedule], None], reason: str
) -> None:
    row = make(bob)
    late(row, 5)
    spoil(row)
    before = Membership.objects.count()
    assert recurring.fire_due() == 0
    now = fresh(row)
    assert now.paused and now.next_run_at is None and reason in now.pause_reason
    assert told()[-1]["pause_reason"] == now.pause_reason
    assert (jobs(row), Membership.objects.count()) == ([], before), "nobody is brought back"
    assert recurring.fire_due() == 0


def test_a_fault_of_one_keeps_no_other_from_firing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = make(), make()
    late(bad, 10)
    late(good, 5)

    def failing(wanted: Any) -> Any:
        if wanted.schedule == bad.pk:
            raise RuntimeError("a fault")
        return submit(wanted)

    monkeypatch.setattr("jobs.loops.recurring.submit", failing)
    assert recurring.fire_due() == 1
    assert (len(jobs(bad)), len(jobs(good))) == (0, 1)
    assert not fresh(bad).paused


def test_half_past_two_in_zurich_once_a_day_over_both_changes(
    make: Make, limits: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # No worker takes them, and days pass in a second.
    limits(job_oldest_seconds=10**9)
    row = make(cron="30 2 * * *", time_zone="Europe/Zurich", catch_up="all")
    for day in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        Job.objects.all().delete()
        Schedule.objects.filter(pk=row.pk).update(next_run_at=times.of(row).after(day))
        for minutes in range(0, 4 * 24 * 60, 10):
            at = day + timedelta(minutes=minutes)
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            recurring.fire_due()
        zurich = times.zone("Europe/Zurich")
        days = [kept.astimezone(zurich).day for job in jobs(row) if (kept := job.scheduled_for)]
        assert days == [day.day + n for n in range(4)]


def test_what_is_due_is_found_by_an_index(make: Make) -> None:
    row = make()
    # As on a site with many of them, few of which are due.
    Schedule.objects.bulk_create(
        Schedule(
            title="x",
            kind="test.outcome",
            owner=row.owner,
            every=60,
            time_zone="UTC",
            begins_at=row.begins_at,
        )
        for _ in range(3_000)
    )
    Job.objects.bulk_create(Job(kind="x", title="x", queue="default") for _ in range(3_000))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    due = Schedule.objects.filter(next_run_at__lte=clock.now()).order_by("next_run_at")
    assert "schedule_due" in due.explain()
    by_time = Job.objects.filter(schedule=row.pk, scheduled_for=row.next_run_at)
    assert "one_job_a_scheduled_time" in by_time.explain()
