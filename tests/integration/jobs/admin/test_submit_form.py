"""A job is submitted in the admin: the kind is chosen, then its params are filled in."""

import html
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, State
from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "/admin/jobs/job/add/"


def address(kind: str = "test.outcome") -> str:
    return f"{ADD}?kind={kind}"


def form(lobby: Room, **more: object) -> dict[str, Any]:
    data: dict[str, object] = {
        "params.outcome": '"ok"',
        "params.seconds": "0",
        "params.steps": "10",
    }
    data |= {"params.failures": "0", "room": lobby.pk, "priority": 3, "key": uuid.uuid4()}
    return {**data, **more}


def test_the_kind_is_chosen_by_a_link(staff: Client) -> None:
    page = staff.get(ADD).content.decode()
    assert 'href="?kind=test.outcome"' in page and 'href="?kind=room.report"' in page
    assert 'name="_save"' not in page
    assert "There is no kind of job" in staff.get(address("no.such")).content.decode()


def test_each_param_is_a_field(staff: Client) -> None:
    page = html.unescape(staff.get(address("room.report")).content.decode())
    assert 'name="params.days"' in page and 'value="7"' in page and 'max="366"' in page
    assert "How many days back, today included. At least 1, at most 366. Default: 7." in page
    assert 'name="_save"' in page and "_addanother" not in page and "_continue" not in page


def test_a_job_is_submitted_once(staff: Client, alice: User, lobby: Room) -> None:
    data = form(lobby, **{"params.value": "there"})
    for _ in range(2):
        answer = staff.post(address(), data)
        job = Job.objects.get()
        assert answer["Location"] == reverse("admin:jobs_job_change", args=[job.pk])
    assert (job.requested_by, job.room, job.priority) == (alice, lobby, 3)
    assert (job.state, job.params["value"]) == (State.QUEUED, "there")


def test_a_job_is_submitted_for_later(staff: Client, lobby: Room) -> None:
    later = timezone.localtime() + timedelta(days=1)
    staff.post(address(), form(lobby, run_at=later.strftime("%Y-%m-%dT%H:%M")))
    job = Job.objects.get()
    assert job.state == State.SCHEDULED
    assert job.run_at is not None and abs(job.run_at - later) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "more", "field", "said"),
    [
        ("test.outcome", {"params.outcome": '"unheard of"'}, "params.outcome", "valid choice"),
        ("test.outcome", {"params.steps": "many"}, "params.steps", "whole number"),
        ("test.outcome", {"priority": "11"}, "priority", "valid choice"),
        ("test.outcome", {"run_at": "2999-01-01T00:00"}, "run_at", "at most a year ahead"),
        ("room.report", {"params.days": "0"}, "params.days", "greater than or equal to 1"),
        ("room.report", {"params.days": "7", "room": ""}, "room", "required"),
        ("test.parts", {"params.parts": "[0, -1]"}, "params.parts", "1: Input should be greater"),
        ("test.parts", {"params.parts": ""}, "params.parts", "Field required"),
        ("test.parts", {"params.parts": "[7]"}, "__all__", "Seven is taken"),
    ],
)
def test_a_refusal_is_shown_beside_its_field(
    staff: Client, lobby: Room, parts: None, kind: str, more: dict[str, str], field: str, said: str
) -> None:
    answer = staff.post(address(kind), form(lobby, **more))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field] and said in str(errors[field])
    assert said in html.unescape(answer.content.decode())
    assert not Job.objects.exists()


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind whose params have parts, and a rule over all of them."""
    from typing import Annotated

    from pydantic import Field, model_validator

    from jobs import registry

    class PartsParams(registry.Params):
        parts: list[Annotated[int, Field(ge=0)]]

        @model_validator(mode="after")
        def rule(self) -> Any:
            if self.parts == [7]:
                raise ValueError("Seven is taken.")
            return self

    declared = registry.Kind("test.parts", "Parts", "", PartsParams, lambda ctx: None)
    monkeypatch.setitem(registry._kinds, "test.parts", declared)
