"""Schedules in the admin: seen, changed, paused and deleted there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job, Schedule
from jobs.scheduling import actions
from jobs.scheduling.actions import NewSchedule
from rooms.models import Event, Room, User

from .test_admin import press

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:jobs_schedule_changelist")


@pytest.fixture
def row(bob: User, lobby: Room) -> Schedule:
    return actions.make(bob, NewSchedule("test.outcome", room="lobby", cron="0 9 * * mon-fri"))


def page(row: Schedule) -> str:
    return reverse("admin:jobs_schedule_change", args=[row.pk])


def form(**values: Any) -> dict[str, Any]:
    given = {
        "title": "Test",
        "cron": "0 9 * * mon-fri",
        "interval": "",
        "time_zone": "UTC",
        "catch_up": "once",
        "priority": "5",
    }
    return {**given, **values}


def test_the_list_and_the_next_times(staff: Client, row: Schedule) -> None:
    shown = staff.get(LIST).content.decode()
    assert "At 09:00 on Monday through Friday" in shown and "Bob" in shown
    shown = staff.get(page(row)).content.decode()
    assert shown.count('class="job-time" datetime=') >= 5


def test_other_times_are_told_in_the_room(staff: Client, row: Schedule) -> None:
    answer = staff.post(page(row), form(cron="0 10 * * *", title="Tea"))
    assert answer.status_code == 302, answer.content.decode()
    now = Schedule.objects.get()
    assert (now.cron, now.every, now.title) == ("0 10 * * *", None, "Tea")
    answer = staff.post(page(row), form(cron="0 10 * * *", interval="2h", title="Tea"))
    assert answer.status_code == 302, answer.content.decode()
    now = Schedule.objects.get()
    assert (now.cron, now.every) == ("", 7200)
    assert Event.objects.filter(type="schedule.changed").count() == 3


@pytest.mark.parametrize("values", [{"cron": "x"}, {"interval": "5s"}, {"time_zone": "Nowhere"}])
def test_what_is_refused_is_said_in_the_form(
    staff: Client, row: Schedule, values: dict[str, str]
) -> None:
    answer = staff.post(page(row), form(**values))
    assert answer.status_code == 200 and "error" in answer.content.decode().lower()
    assert Schedule.objects.get().cron == "0 9 * * mon-fri"


def test_buttons_and_actions(staff: Client, row: Schedule, alice: User) -> None:
    press_form = {**form(time_zone=row.time_zone, title=row.title), "pause_this": "1"}
    staff.post(page(row), press_form)
    assert Schedule.objects.get().paused
    for action in ("resume_selected", "run_selected", "pause_selected"):
        staff.post(LIST, {"action": action, "_selected_action": [row.pk]})
    assert Schedule.objects.get().pause_reason == "Paused by Alice."
    assert Job.objects.get().requested_by == alice
    delete = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    staff.post(LIST, delete)
    assert not Schedule.objects.exists()
    assert Event.objects.filter(type="schedule.deleted").exists()


def test_who_may_only_look(staff_who_may: Any, row: Schedule) -> None:
    viewer = staff_who_may("view_schedule")
    assert viewer.get(LIST).status_code == 200
    assert viewer.post(page(row), form(title="x")).status_code == 403
    assert press(viewer, page(row), "pause_this").status_code == 403
    assert not Schedule.objects.get().paused
