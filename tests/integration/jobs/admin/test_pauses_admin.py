"""The switches in the admin: pausing, resuming, and what the overview says of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Pause
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)
LIST, ADD = reverse("admin:jobs_pause_changelist"), reverse("admin:jobs_pause_add")
KIND = {"what": "kind test.outcome", "reason": "disk full"}


def test_a_kind_is_paused_and_resumed(staff: Client, submit: Submit) -> None:
    submit("ok")
    form = staff.get(ADD).content.decode()
    assert "queue bulk" in form and "kind test.outcome" in form
    answer = staff.post(ADD, KIND)
    assert answer.status_code == 302, answer.content.decode()
    pause = Pause.objects.get()
    assert (pause.target, pause.name, pause.reason) == ("kind", "test.outcome", "disk full")
    assert pause.paused_by is not None
    overview = staff.get(reverse("admin:index")).content.decode()
    assert "Kind test.outcome" in overview and "disk full" in overview and "1 paused" in overview
    assert "disk full" in staff.get(LIST).content.decode()
    page = reverse("admin:jobs_pause_change", args=[pause.pk])
    assert "resume_this" in staff.get(page).content.decode()
    assert staff.post(page, {"resume_this": "1"}).status_code == 302
    pause.refresh_from_db()
    assert pause.resumed_at is not None and pause.resumed_by == pause.paused_by
    assert "resume_this" not in staff.get(page).content.decode()


def test_the_action_resumes_several(staff: Client) -> None:
    for what in ("kind test.outcome", "queue bulk"):
        staff.post(ADD, {"what": what})
    chosen = {
        "action": "resume_selected",
        "_selected_action": [row.pk for row in Pause.objects.all()],
    }
    assert staff.post(LIST, chosen).status_code == 302
    assert not Pause.objects.filter(resumed_at=None).exists()


def test_what_is_refused_is_said_in_the_form(staff: Client) -> None:
    staff.post(ADD, KIND)
    assert "is paused already" in staff.post(ADD, KIND).content.decode()
    assert staff.post(ADD, {"what": "kind no.such"}).status_code == 200
    assert Pause.objects.count() == 1


def test_who_may_look_may_not_pause(staff: Client, staff_who_may: Any) -> None:
    staff.post(ADD, KIND)
    viewer = staff_who_may("view_job", "view_pause")
    assert viewer.get(LIST).status_code == 200
    assert viewer.get(ADD).status_code == 403
    page = reverse("admin:jobs_pause_change", args=[Pause.objects.get().pk])
    assert "resume_this" not in viewer.get(page).content.decode()
    viewer.post(page, {"resume_this": "1"})
    assert Pause.objects.filter(resumed_at=None).exists()
    warden = staff_who_may("view_job", "change_pause")
    assert warden.post(ADD, {"what": "queue bulk"}).status_code == 302
