"""Ended jobs go by age and by number with all that is theirs; what is in rooms stays."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs import registry
from jobs.lifecycle import removal
from jobs.loops import pruning
from jobs.models import Attempt, Job, KeptAnswer, State, Step
from jobs.scheduling import actions as schedules
from jobs.scheduling.actions import NewSchedule
from jobs.submitting import actions
from rooms.core import housekeeping
from rooms.database import clock
from rooms.models import Attachment, Message, Room, User
from tests.integration.jobs.admin.test_dashboard import explained
from tests.integration.jobs.conftest import fresh
from tests.support.caller import Caller
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 200


@pytest.fixture
def limited(settings: Any) -> Callable[..., None]:
    def limited(**values: int) -> None:
        limits = settings.PARLEY_JOB_LIMITS.model_copy(update=values)
        settings.PARLEY_JOB_LIMITS = limits

    return limited


@pytest.fixture
def kept_otherwise() -> Iterator[Callable[..., None]]:
    """Another retention of the kind."""
    name = "test.outcome"
    before = registry.get(name)

    def change(**options: Any) -> None:
        registry._kinds[name] = replace(before, **options)

    yield change
    registry._kinds[name] = before


def age(job: Job, days: float) -> None:
    """As if it had been created, and had ended if it has, so long ago."""
    at = clock.now() - timedelta(days=days)
    Job.objects.filter(pk=job.pk).update(created_at=at)
    Job.objects.filter(pk=job.pk).exclude(finished_at=None).update(finished_at=at)


def left() -> set[Any]:
    return set(Job.objects.values_list("pk", flat=True))


def test_an_old_one_goes_with_all_that_is_its_own(
    submit: Submit, run: Run, alice: User, lobby: Room
) -> None:
    job = run(submit("attach", key="mine"))
    assert job.state == State.SUCCEEDED
    Step.objects.create(job=job, name="part", position=0, started_at=clock.now())
    alone = Attachment(room=lobby, owner=alice, name="b.txt", content_type="text/plain", size=1)
    alone.file.save("unused", ContentFile(b"b"))
    job.files.add(alone)
    KeptAnswer.objects.create(user=alice, key="mine", fingerprint="f", status=202)
    KeptAnswer.objects.create(user=alice, key="other", fingerprint="f", status=202)
    message = Message.objects.get(kind="job")
    age(job, DAYS)
    assert housekeeping.run()["jobs"] == 1
    for model in (Job, Attempt, Step, Job.files.through):
        assert not model.objects.exists(), model
    assert [row.key for row in KeptAnswer.objects.all()] == ["other"]
    shown = Attachment.objects.get()
    assert shown.message == message, "what a message shows is the room's"
    assert shown.file.storage.exists(str(shown.file.name))
    assert not alone.file.storage.exists(str(alone.file.name))


def test_unfinished_ones_and_young_ones_stay(submit: Submit, run: Run) -> None:
    later = clock.now() + timedelta(days=3)
    waiting, scheduled, retrying = submit(), submit(run_at=later), run(submit("error"))
    ended_lately = run(submit())
    for job in (waiting, scheduled, retrying, ended_lately):
        Job.objects.filter(pk=job.pk).update(created_at=clock.now() - timedelta(days=DAYS))
    assert pruning.finished_jobs() == 0
    assert len(left()) == 4


def test_of_a_kind_so_many_are_kept_but_each_for_a_day(
    submit: Submit, run: Run, limited: Callable[..., None]
) -> None:
    jobs = [run(submit(value=str(number))) for number in range(5)]
    other = run(submit(kind="test.short"))
    for days, job in enumerate(reversed(jobs)):
        age(job, days * 0.6)
    age(other, 5)
    limited(job_keep_per_kind=1)
    assert pruning.finished_jobs() == 3
    assert left() == {jobs[4].pk, jobs[3].pk, other.pk}


def test_a_kind_keeps_its_own_jobs_as_it_says(
    submit: Submit, run: Run, kept_otherwise: Callable[..., None]
) -> None:
    old, young, other = run(submit()), run(submit()), run(submit(kind="test.short"))
    for job, days in ((old, 3), (young, 1.5), (other, 3)):
        age(job, days)
    kept_otherwise(keep_days=2)
    assert pruning.finished_jobs() == 1
    assert left() == {young.pk, other.pk}
    age(young, DAYS)
    kept_otherwise(keep_days=1000)
    assert pruning.finished_jobs() == 0


def test_jobs_of_a_kind_that_is_gone_go(submit: Submit, run: Run) -> None:
    job = run(submit())
    age(job, DAYS)
    Job.objects.filter(pk=job.pk).update(kind="zz.removed")
    assert pruning.finished_jobs() == 1


def test_many_go_in_slices(
    submit: Submit, run: Run, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    monkeypatch.setattr(removal, "JOBS_PER_SLICE", 3)
    at = clock.now() - timedelta(days=DAYS)
    # Those of a batch have one time, and one of them is not to go.
    rows = [_ended(alice, at) for _ in range(10)]
    rows[0].state, rows[0].finished_at = State.QUEUED, None
    Job.objects.bulk_create(rows)
    assert pruning.finished_jobs() == 9
    assert left() == {rows[0].pk}


def test_one_that_is_begun_again_meanwhile_stays(submit: Submit, run: Run, alice: User) -> None:
    job = run(submit("give_up"))
    age(job, DAYS)
    before = clock.now()
    actions.retry(alice, job.pk)
    assert removal.remove([job.pk], before) == 0
    assert fresh(job).state == State.QUEUED


def test_what_names_it_says_that_it_is_gone(
    submit: Submit,
    run: Run,
    alice: User,
    admin_client: Client,
    caller: Callable[[Any], Caller],
) -> None:
    job = run(submit())
    schedule = schedules.make(alice, NewSchedule("test.outcome", room="lobby", cron="0 9 * * *"))
    type(schedule).objects.filter(pk=schedule.pk).update(last_job=job.pk)
    age(job, DAYS)
    assert pruning.finished_jobs() == 1
    asked = caller(alice)
    assert asked.get(f"jobs/{job.pk}").status_code == 404
    assert asked.post(f"jobs/{job.pk}/retry").status_code == 404
    assert asked.get("schedules").json()["schedules"][0]["last_job"] == str(job.pk)
    assert asked.get("rooms/lobby/messages").json()["messages"][-1]["job"] == str(job.pk)
    page = admin_client.get(reverse("admin:jobs_schedule_change", args=[schedule.pk]))
    assert "No longer kept" in page.content.decode()
    gone = admin_client.get(reverse("admin:jobs_job_change", args=[job.pk]), follow=True)
    assert gone.status_code == 200 and "exist" in gone.content.decode()


def test_no_query_walks_the_history(alice: User, limited: Callable[..., None]) -> None:
    """Those of the housekeeping that find what is to go. One kind of many has old ones."""
    limited(job_keep_per_kind=500)
    now = clock.now()
    young, old = now - timedelta(hours=20), now - timedelta(days=DAYS)
    rows = [_ended(alice, young, f"k.{number % 3}") for number in range(3000)]
    Job.objects.bulk_create(rows + [_ended(alice, old, "k.1") for _ in range(20)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as captured:
        assert pruning.finished_jobs() == 20
    asked = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    finding = [sql for sql in asked if 'FROM "jobs_job"' in sql and "IN (" not in sql]
    assert len(finding) > 8
    for sql in finding:
        plan = explained(sql)
        assert not walks(plan), f"{sql}\n{plan}"


def walks(plan: str) -> bool:
    if connection.vendor == "postgresql":
        numbers = re.findall(r"(?:rows=|Rows Removed by [\w ]+: )(\d+)", plan)
        return "Seq Scan on jobs_job" in plan or max(map(int, numbers)) > 1100
    return "SEARCH jobs_job" not in plan or "job_kind" not in plan


def _ended(user: User, at: Any, kind: str = "test.outcome") -> Job:
    return Job(
        id=uuid4(),
        kind=kind,
        title="Test",
        state=State.SUCCEEDED,
        requested_by=user,
        queue="default",
        created_at=at,
        finished_at=at,
    )
