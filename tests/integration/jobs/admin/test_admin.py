"""Jobs in the admin: read, submitted, cancelled and retried there."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job, State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(alice):
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice)
    return client


def page(job):
    return reverse("admin:jobs_job_change", args=[job.pk])


def form(lobby, **more):
    return {
        "kind": "test.outcome",
        "room": lobby.pk,
        "params": '{"outcome": "ok"}',
        "priority": 3,
        "key": uuid.uuid4(),
        **more,
    }


def test_a_job_is_submitted_there(staff, alice, lobby):
    add = reverse("admin:jobs_job_add")
    assert staff.get(add).status_code == 200
    data = form(lobby)
    for _ in range(2):
        answer = staff.post(add, data)
        job = Job.objects.get()
        assert answer["Location"] == page(job), answer.content
    assert (job.requested_by, job.room, job.priority) == (alice, lobby, 3)
    assert job.state == State.QUEUED


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"params": '{"outcome": "unheard of"}'}, "params/outcome"),
        ({"params": "[1]"}, "A JSON object is needed"),
        ({"params": "{"}, "Enter a valid JSON"),
        ({"kind": "room.report", "params": "{}", "room": ""}, "needs a room"),
        ({"kind": "no.such"}, "Select a valid choice"),
    ],
)
def test_a_refusal_is_shown_beside_the_form(staff, lobby, more, said):
    answer = staff.post(reverse("admin:jobs_job_add"), form(lobby, **more))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Job.objects.exists()


HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def press(client, url, name):
    """Press a button of the page: a browser sends the page's hidden fields with it."""
    fields = dict(HIDDEN.findall(client.get(url).content.decode()))
    return client.post(url, {**fields, name: "1"})


def test_the_list_and_the_job_are_shown(staff, submit, run):
    job = run(submit("steps", value="fail"))
    run(submit("attach"))
    listed = staff.get(reverse("admin:jobs_job_changelist"), {"state__exact": "retrying"})
    assert str(job.pk) in listed.content.decode()
    shown = staff.get(page(job)).content.decode()
    assert "the second part" in shown and "tests/kinds.py" in shown


@pytest.mark.parametrize("term", ["test.outcome", "{id}", "no.such", "' OR 1=1"])
def test_the_search_is_exact(staff, submit, term):
    job = submit("ok")
    answer = staff.get(reverse("admin:jobs_job_changelist"), {"q": term.format(id=job.pk)})
    assert (page(job) in answer.content.decode()) == (term in ("test.outcome", "{id}"))


def test_nothing_can_be_written_into_a_job(staff, submit):
    job = submit("ok")
    staff.post(page(job), {"state": "failed", "title": "other", "_save": "1"})
    press(staff, page(job), "_save")
    assert Job.objects.get().title == "Test"
    assert Job.objects.get().state == State.QUEUED
    assert staff.get(reverse("admin:jobs_job_delete", args=[job.pk])).status_code == 403


def test_jobs_are_cancelled_and_retried_from_the_list(staff, submit):
    jobs = [submit("ok"), submit("ok")]
    listing = reverse("admin:jobs_job_changelist")
    data = {"_selected_action": [str(job.pk) for job in jobs]}
    staff.post(listing, {"action": "cancel_selected", **data})
    assert set(Job.objects.values_list("state", flat=True)) == {State.CANCELLED}
    staff.post(listing, {"action": "retry_selected", **data})
    assert set(Job.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_a_jobs_page_offers_what_its_state_allows(staff, submit, run):
    job = submit("ok")
    shown = staff.get(page(job)).content.decode()
    assert 'name="cancel_this"' in shown and 'name="retry_this"' not in shown
    press(staff, page(job), "cancel_this")
    assert Job.objects.get().state == State.CANCELLED
    press(staff, page(job), "retry_this")
    job = run(job)
    shown = staff.get(page(job)).content.decode()
    assert 'name="cancel_this"' not in shown and 'name="retry_this"' not in shown


def test_staff_without_the_permission_only_read(submit, bob):
    from django.contrib.auth.models import Permission

    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_job"))
    client = Client()
    client.force_login(bob)
    job = submit("ok")
    assert client.get(page(job)).status_code == 200
    press(client, page(job), "cancel_this")
    assert Job.objects.get().state == State.QUEUED
    assert client.get(reverse("admin:jobs_job_add")).status_code == 403
