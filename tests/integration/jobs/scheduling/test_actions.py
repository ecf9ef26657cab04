"""What people do with schedules, and what the room's page hears of it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from jobs.faces import remind, schedule_slash
from jobs.lifecycle import doorbell
from jobs.limits import job_limits
from jobs.loops import recurring
from jobs.models import Job, Schedule, State
from jobs.scheduling import actions
from jobs.scheduling.actions import NewSchedule
from rooms.database import clock
from rooms.models import Membership, Message, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound
from tests.integration.jobs.conftest import fresh, make_due
from tests.integration.jobs.submitting.test_actions import in_threads
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)

CHANGED, DELETED = "schedule.changed", "schedule.deleted"


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_ring", lambda jobs: None)


@pytest.fixture
def watch(store: Any, caller: Any, alice: Any, bob: Any, charlie: Any, lobby: Any) -> Watch:
    return Watch(store, {viewer: caller(viewer) for viewer in (alice, bob, charlie)}, "lobby")


@pytest.fixture
def limits(settings: Any) -> Callable[..., None]:
    def set_limits(**values: object) -> None:
        settings.PARLEY_JOB_LIMITS = job_limits().model_copy(update=values)

    return set_limits


def wanted(room: str | None = "lobby", **values: Any) -> NewSchedule:
    when = {} if {"cron", "every"} & set(values) else {"cron": "0 9 * * mon-fri"}
    return NewSchedule("test.outcome", room=room, **{**when, **values})


def test_the_page_hears_of_everything(watch: Watch, alice: User, bob: User) -> None:
    row = watch.verify(lambda: actions.make(bob, wanted(every=60)), CHANGED)
    watch.verify(lambda: actions.pause(alice, row.pk), CHANGED)
    assert Schedule.objects.get().pause_reason == "Paused by Alice."
    watch.verify(lambda: actions.resume(bob, row.pk), CHANGED)
    watch.verify(lambda: actions.change(bob, row.pk, {"title": "Tea"}), CHANGED)
    Schedule.objects.update(next_run_at=clock.now())
    watch.verify(recurring.fire_due, "job.changed", CHANGED)
    watch.verify(lambda: actions.run_now(alice, row.pk), "job.changed")
    watch.verify(lambda: actions.delete(alice, row.pk), DELETED)
    assert Job.objects.count() == 2, "what came of it stays"


def test_a_schedule_of_a_newcomer(watch: Watch, charlie: User) -> None:
    watch.verify(lambda: actions.make(charlie, wanted()), "member.joined", CHANGED)


def test_the_same_key_makes_one(alice: User, lobby: Room) -> None:
    made = in_threads(3, lambda _: actions.make(alice, wanted(key="k")).pk)
    assert len(set(made)) == 1 and Schedule.objects.count() == 1
    actions.make(alice, wanted(key="another"))
    assert Schedule.objects.count() == 2


def test_what_is_filled_in(alice: User, lobby: Room, settings: Any) -> None:
    row = actions.make(alice, wanted(cron=" 0  9 * * mon-fri "))
    assert (row.cron, row.time_zone) == ("0 9 * * mon-fri", settings.TIME_ZONE)
    assert row.title and row.params["steps"] == 10
    assert row.next_run_at is not None and row.next_run_at > clock.now()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"cron": "* * *"}, Invalid),
        ({"every": 30}, Invalid),
        ({"cron": "", "every": None}, Invalid),
        ({"cron": "0 9 * * *", "every": 60}, Invalid),
        ({"time_zone": "Mars/Olympus"}, Invalid),
        ({"params": {"outcome": "nonsense"}}, Invalid),
        ({"params": {"value": "\x00"}}, Invalid),
        ({"title": "x" * 121}, Invalid),
        ({"catch_up": "never"}, Invalid),
        ({"priority": 10}, Invalid),
        ({"room": "nowhere"}, NotFound),
    ],
)
def test_what_is_refused(
    alice: User, lobby: Room, values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        actions.make(alice, wanted(**values))
    assert not Schedule.objects.exists()


def test_a_kind_that_needs_a_room(alice: User) -> None:
    with pytest.raises(Invalid, match="needs a room"):
        actions.make(alice, NewSchedule("room.report", every=60))


def test_a_person_and_a_room_have_only_so_many(
    alice: User, bob: User, lobby: Room, limits: Any
) -> None:
    limits(schedules_per_user=2, schedules_per_room=3)
    made = in_threads(4, lambda _: actions.make(alice, wanted()))
    assert sorted(isinstance(each, Conflict) for each in made) == [False, False, True, True]
    actions.make(bob, wanted())
    with pytest.raises(Conflict, match="No room"):
        actions.make(bob, wanted())


def test_nobody_says_what_is_done_in_anothers_name(alice: User, bob: User, lobby: Room) -> None:
    row = actions.make(bob, wanted())
    Membership.objects.filter(user=alice).update(role="moderator")
    for changes in ({"params": {"value": "x"}}, {"title": "x"}, {"every": 60}):
        with pytest.raises(Forbidden):
            actions.change(alice, row.pk, changes)
    actions.change(alice, row.pk, {"paused": True})
    assert actions.run_now(alice, row.pk).requested_by == alice


def test_other_times(alice: User, lobby: Room) -> None:
    row = actions.make(alice, wanted(every=7200))
    changed = actions.change(alice, row.pk, {"cron": "0 0 1 1 *", "time_zone": "UTC"})
    assert (changed.every, changed.cron, f"{changed.next_run_at:%m-%d}") == (
        None,
        "0 0 1 1 *",
        "01-01",
    )
    actions.pause(alice, row.pk)
    paused = actions.change(alice, row.pk, {"every": 3600})
    assert (paused.paused, paused.next_run_at, paused.cron) == (True, None, "")
    resumed = actions.resume(alice, row.pk)
    assert (resumed.paused, resumed.pause_reason) == (False, "")
    assert resumed.next_run_at is not None and resumed.next_run_at > clock.now()


def test_what_cannot_be_kept_is_not_resumed(alice: User, bob: User, lobby: Room) -> None:
    row = actions.make(bob, wanted())
    actions.pause(bob, row.pk)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(Conflict):
        actions.resume(alice, row.pk)
    Schedule.objects.update(kind="gone.kind")
    with pytest.raises(Invalid):
        actions.resume(alice, row.pk)


def test_a_deleted_room_takes_its_schedules_along(alice: User, lobby: Room) -> None:
    from rooms.features.rooms.changes import delete_room

    row = actions.make(alice, wanted(every=60))
    Schedule.objects.update(next_run_at=clock.now())
    recurring.fire_due()
    delete_room(lobby.pk)
    assert not Schedule.objects.exists()
    assert Job.objects.get().schedule_id == row.pk


# Slash commands -----------------------------------------------------------------------------------


def schedule(user: User, arguments: str, room: str = "lobby", key: Any = None) -> str:
    answer = schedule_slash.schedule(user, room, arguments, key or uuid.uuid4())
    assert answer["type"] == "words"
    return str(answer["words"])


def test_schedule_from_within_a_room(alice: User, lobby: Room, den: Room) -> None:
    assert "no schedules" in schedule(alice, "list")
    key = uuid.uuid4()
    typed = 'every 1h zone=Europe/Zurich title="Tea time" test.outcome value=x'
    said = schedule(alice, typed, key=key)
    assert schedule(alice, typed, key=key) == said, "sent twice it is made once"
    row = Schedule.objects.get()
    assert f"{row.pk} Tea time. Next on " in said and said.endswith("Europe/Zurich.")
    assert f"{row.pk} Tea time: Every 1h. Next on" in schedule(alice, "list")
    with pytest.raises(Invalid, match="not one of this room"):
        schedule(alice, f"pause {row.pk}", room="den")
    assert schedule(alice, f"pause {row.pk}").endswith("is paused.")
    assert ": Every 1h. Paused by Alice." in schedule(alice, "list")
    assert "goes on" in schedule(alice, f"resume #{row.pk}")
    key = uuid.uuid4()
    for _ in range(2):
        schedule(alice, f"run {row.pk}", key=key)
    assert Job.objects.count() == 1
    assert "deleted" in schedule(alice, f"delete {row.pk}")
    with pytest.raises(NotFound):
        schedule(alice, f"delete {row.pk}")
    with pytest.raises(Invalid, match="number"):
        schedule(alice, "pause it")


def remember(user: User, arguments: str, key: Any = None) -> str:
    answer = remind.remind(user, "lobby", arguments, key or uuid.uuid4())
    return str(answer["words"])


@pytest.mark.parametrize(
    ("to", "body"), [("me", "⏰ Bob: drink *tea*"), ("room", "⏰ drink *tea*")]
)
def test_remind(bob: User, lobby: Room, run: Any, settings: Any, to: str, body: str) -> None:
    key = uuid.uuid4()
    said = remember(bob, f"{to} in 10 minutes to drink *tea*", key)
    assert said.startswith("I will remind ") and said.endswith(f" {settings.TIME_ZONE}.")
    assert remember(bob, f"{to} in 10 minutes to drink *tea*", key) == said
    job = Job.objects.get()
    assert (job.state, job.kind) == (State.SCHEDULED, "room.reminder")
    make_due(job)
    job = run(fresh(job))
    assert job.state == State.SUCCEEDED
    message = Message.objects.get(kind="text")
    assert (message.author, message.body, message.client_id) == (bob, body, job.pk)


def test_a_reminder_of_somebody_who_may_not_speak_any_more(
    bob: User, lobby: Room, run: Any
) -> None:
    remember(bob, "me in 10 minutes to stretch")
    job = Job.objects.get()
    Room.objects.update(archived_at=clock.now())
    make_due(job)
    job = run(fresh(job))
    assert (job.state, job.attempt) == (State.FAILED, 1)
    assert "archived" in job.error_message and not Message.objects.filter(kind="text").exists()
