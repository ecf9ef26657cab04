"""The admin's first page: how jobs stand, for those who may see them, and the lists."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs import overview
from jobs.admin.dashboard import jobs_now
from jobs.models import Job, State
from jobs.overview import ahead_of
from jobs.submitting import admission
from rooms.models import Room, User
from tests.integration.jobs.conftest import claim
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = "/admin/"
OLD = 3_000
PARTIAL = ("job_queued", "job_due", "job_lease", "job_in_flight", "job_waiting")


def shown(client: Client) -> str:
    return html.unescape(client.get(INDEX).content.decode())


def test_it_says_what_waits_runs_and_failed(staff: Client, submit: Submit, run: Run) -> None:
    waiting, running, failed = submit("ok"), submit("ok"), submit("give_up", value="no such day")
    run(failed)
    Job.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - timedelta(minutes=4))
    assert claim(running, "host-7")
    Job.objects.filter(pk=running.pk).update(
        progress={"current": 21, "total": 50, "text": "half of it"}
    )
    page = shown(staff)
    for words in ("4\u00a0min", "host-7/1", "42%", "half of it", "no such day", "1 of 1"):
        assert words in page, words
    for job in (running, failed):
        assert reverse("admin:jobs_job_change", args=[job.pk]) in page
    assert 'class="failed"' in page, "a bar of the plot"


def test_without_any_job_it_says_so(staff: Client) -> None:
    page = shown(staff)
    assert "No job is running." in page and "No job failed in the last day." in page


def test_the_lists_stand_in_plain_groups(staff: Client) -> None:
    page = shown(staff)
    assert "Authentication and Authorization" not in page
    for group in ("Rooms", "Jobs", "People"):
        assert f'aria-label="{group}"' in page
    assert reverse("admin:rooms_ban_changelist") in page


@pytest.mark.parametrize("permissions", [[], ["view_room"], ["view_connections"], ["add_job"]])
def test_it_shows_nothing_of_jobs_to_those_who_may_not_see_them(
    staff_who_may: Callable[..., Client], submit: Submit, run: Run, permissions: list[str]
) -> None:
    job = run(submit("give_up", value="a secret reason"))
    page = shown(staff_who_may(*permissions))
    for hidden in ("a secret reason", str(job.pk), "Jobs now", "/admin/jobs/job/?"):
        assert hidden not in page, hidden
    assert ("/admin/rooms/room/" in page) == ("view_room" in permissions)


def test_it_leads_only_where_its_reader_may_go(
    staff_who_may: Callable[..., Client], submit: Submit
) -> None:
    assert claim(submit("ok"), "host-7")
    page = shown(staff_who_may("view_job"))
    assert "Lobby" in page
    assert "/admin/rooms/" not in page and reverse("connections") not in page
    assert reverse("admin:jobs_job_add") not in page


def test_one_link_of_the_sidebar_is_lit(staff: Client) -> None:
    for url in (INDEX, reverse("admin:jobs_job_add"), reverse("admin:jobs_job_changelist")):
        page = html.unescape(staff.get(url).content.decode())
        assert page.count("dark:text-primary-500 active") == 1, url


def test_no_query_walks_the_history(submit: Submit, run: Run, alice: User, lobby: Room) -> None:
    """Each is explained by the database itself, with a history behind it."""
    submit("ok")
    run(submit("give_up"))
    past = timezone.now() - timedelta(days=30)
    Job.objects.bulk_create(
        Job(
            id=uuid4(),
            kind="test.outcome",
            title="Test",
            state=State.FAILED if number % 3 else State.SUCCEEDED,
            requested_by=alice,
            room=lobby,
            queue="default",
            created_at=past,
            started_at=past,
            finished_at=past,
        )
        for number in range(OLD)
    )
    if connection.vendor == "postgresql":
        # SQLite is left as it is where nobody analyses it: there it goes by the query alone.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as captured:
        jobs_now(may_see_rooms=True)
        overview.waiting()
        admission.in_flight([alice.pk])
        ahead_of(Job(state=State.QUEUED, queue="default", queued_at=timezone.now()))
    asked = [query["sql"] for query in captured if re.search('FROM "?jobs_job', query["sql"])]
    assert len(asked) >= 6
    for sql in asked:
        plan = explained(sql)
        assert not walks(plan, sql), f"{sql}\n{plan}"


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}")
            return "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(row[3] for row in cursor.fetchall())


def walks(plan: str, sql: str) -> bool:
    """Whether rows of the history are gone through: all, or all that ended in one way."""
    if connection.vendor == "postgresql":
        numbers = re.findall(r"(?:rows=|Rows Removed by [\w ]+: )(\d+)", plan)
        return "Seq Scan on jobs_job" in plan or max(map(int, numbers)) >= OLD // 3
    lines = [line for line in plan.splitlines() if "jobs_job" in line and "INDEX" in line]
    whole = [line for line in lines if line.startswith("SCAN")]
    ended = [line for line in lines if "job_state" in line and "'failed'" in sql]
    bare = "SCAN jobs_job" in plan.splitlines()
    return bare or bool(ended) or any(not any(name in line for name in PARTIAL) for line in whole)
