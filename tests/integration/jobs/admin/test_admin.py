"""Jobs in the admin: read, submitted, cancelled and retried there."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Attempt, Job, State
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import Event, Room, User
from tests.integration.jobs.admin.test_dashboard import explained
from tests.integration.jobs.conftest import make_due
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def page(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def press(client: Client, url: str, name: str) -> Any:
    """Press a button of the page: a browser sends the page's hidden fields with it."""
    fields = dict(HIDDEN.findall(client.get(url).content.decode()))
    return client.post(url, {**fields, name: "1"})


def test_the_list_and_the_job_are_shown(staff: Client, submit: Submit, run: Run) -> None:
    job = run(submit("steps", value="fail"))
    run(submit("attach"))
    listed = staff.get(reverse("admin:jobs_job_changelist"), {"state__exact": "retrying"})
    assert str(job.pk) in listed.content.decode()
    shown = staff.get(page(job)).content.decode()
    assert "the second part" in shown and "tests/kinds.py" in shown


def test_what_a_job_asks_is_shown_and_not_answered_there(
    staff: Client, alice: User, lobby: Room, run: Run
) -> None:
    wanted = Submission(alice, "test.ask", {}, "lobby")
    job = run(actions.submit(wanted)[0])
    shown = staff.get(page(job)).content.decode()
    assert "Go *on*?" in shown and "Waiting" in shown and "To go on unanswered" in shown
    press(staff, page(job), "cancel_this")
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED
    assert "withdrawn" in staff.get(page(job)).content.decode()


def test_a_jobs_page_tells_its_story(staff: Client, submit: Submit, run: Run) -> None:
    job = run(submit("steps", value="fail"))
    make_due(job)
    job = run(job)
    text = html.unescape(staff.get(page(job)).content.decode())
    story = re.findall(r"<b>(.*?)</b>", text[text.index("job-timeline") :])
    assert story == [
        "Submitted",
        "Attempt 1 began",
        "Step first: succeeded",
        "Attempt 1: failed",
        "Queued",
        "Attempt 2 began",
        "Step second: succeeded",
        "Attempt 2: succeeded",
        "Ended: succeeded",
    ]
    seqs = re.findall(r"room events? ([\d, ]+)", text)
    told = [int(seq) for each in seqs for seq in each.split(", ")]
    events = Event.objects.filter(type__in=["job.changed", "message.created"])
    of_it = [event for event in events if str(job.pk) in event.encoded]
    # What steps say is told at times of its own.
    assert set(told) <= {event.seq for event in of_it} and len(told) >= 5
    assert max(told) == max(event.seq for event in of_it), "the message at the end"


def test_what_a_kind_says_is_shown_as_text(staff: Client, submit: Submit, run: Run) -> None:
    job = submit("give_up", value="<b>bold</b><script>alert(1)</script>")
    shown = staff.get(page(run(job))).content.decode()
    assert "alert(1)" in shown and "<b>bold" not in shown and "<script>alert" not in shown


def test_a_long_story_is_cut(staff: Client, submit: Submit, run: Run) -> None:
    job = run(submit("give_up"))
    at = timezone.now()
    Attempt.objects.bulk_create(
        Attempt(job=job, number=number, worker="w", started_at=at, outcome="postponed")
        for number in range(2, 41)
    )
    with CaptureQueriesContext(connection) as captured:
        shown = staff.get(page(job)).content.decode()
    assert "15 earlier attempts not shown" in shown
    assert "Attempt 40 began" in shown and "Attempt 15 began" not in shown
    events = [each["sql"] for each in captured if 'FROM "rooms_event"' in each["sql"]]
    assert len(events) == 1
    if connection.vendor == "sqlite":
        assert "event_at" in explained(events[0])


@pytest.mark.parametrize("term", ["test.outcome", "{id}", "no.such", "' OR 1=1"])
def test_the_search_is_exact(staff: Client, submit: Submit, term: str) -> None:
    job = submit("ok")
    answer = staff.get(reverse("admin:jobs_job_changelist"), {"q": term.format(id=job.pk)})
    assert (page(job) in answer.content.decode()) == (term in ("test.outcome", "{id}"))


def test_nothing_can_be_written_into_a_job(staff: Client, submit: Submit) -> None:
    job = submit("ok")
    staff.post(page(job), {"state": "failed", "title": "other", "_save": "1"})
    press(staff, page(job), "_save")
    assert Job.objects.get().title == "Test"
    assert Job.objects.get().state == State.QUEUED
    assert staff.get(reverse("admin:jobs_job_delete", args=[job.pk])).status_code == 403


def test_jobs_are_cancelled_and_retried_from_the_list(staff: Client, submit: Submit) -> None:
    jobs = [submit("ok"), submit("ok")]
    listing = reverse("admin:jobs_job_changelist")
    data = {"_selected_action": [str(job.pk) for job in jobs]}
    staff.post(listing, {"action": "cancel_selected", **data})
    assert set(Job.objects.values_list("state", flat=True)) == {State.CANCELLED}
    staff.post(listing, {"action": "retry_selected", **data})
    assert set(Job.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_a_jobs_page_offers_what_its_state_allows(staff: Client, submit: Submit, run: Run) -> None:
    job = submit("ok")
    shown = staff.get(page(job)).content.decode()
    assert 'name="cancel_this"' in shown and 'name="retry_this"' not in shown
    press(staff, page(job), "cancel_this")
    assert Job.objects.get().state == State.CANCELLED
    press(staff, page(job), "retry_this")
    job = run(job)
    shown = staff.get(page(job)).content.decode()
    assert 'name="cancel_this"' not in shown and 'name="retry_this"' not in shown


def test_staff_without_the_permission_only_read(
    submit: Submit, staff_who_may: Callable[..., Client]
) -> None:
    client = staff_who_may("view_job")
    job = submit("ok")
    assert client.get(page(job)).status_code == 200
    press(client, page(job), "cancel_this")
    assert Job.objects.get().state == State.QUEUED
    assert client.get(reverse("admin:jobs_job_add")).status_code == 403


def text_of(client: Client, url: str) -> str:
    return html.unescape(client.get(url).content.decode())


def test_times_count_up_for_what_waits_and_are_told_to_the_second(
    staff: Client, submit: Submit
) -> None:
    job, later = submit("ok"), submit("ok")
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(queued_at=now - timedelta(minutes=3, seconds=5))
    Job.objects.filter(pk=later.pk).update(
        state=State.RETRYING, due_at=now + timedelta(hours=2, minutes=5)
    )
    shown = text_of(staff, reverse("admin:jobs_job_changelist"))
    assert "3\u00a0min" in shown and "in\u00a02\u00a0h" in shown
    created = timezone.localtime(job.created_at).strftime("%Y-%m-%d %H:%M:%S")
    assert created in shown and created in text_of(staff, page(job))


def test_one_job_leads_to_its_room_and_its_files_and_shows_its_attempts(
    staff: Client, submit: Submit, run: Run
) -> None:
    job = run(submit("attach", value="there"))
    file = job.files.get()
    shown = text_of(staff, page(job))
    assert 'href="/rooms/lobby/"' in shown
    assert reverse("rooms:attachment", args=[file.pk, file.name]) in shown
    assert '<span class="job-pill good">Succeeded</span>' in shown
    # The attempts are not behind a tab.
    assert "activeTab == 'attempts'" not in shown and "test/1" in shown


def test_a_job_that_waits_for_its_time_is_run_now_by_a_button(
    staff: Client, submit: Submit
) -> None:
    job = submit("ok", run_at=timezone.now() + timedelta(days=1))
    assert job.state == State.SCHEDULED
    press(staff, page(job), "run_this_now")
    job = Job.objects.get()
    assert (job.state, job.due_at) == (State.QUEUED, None)
    assert 'name="run_this_now"' not in text_of(staff, page(job))
