"""What staff do to all jobs that match: previewed, submitted as a job, done by it."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs import registry
from jobs.lifecycle import removal
from jobs.models import Job, State
from jobs.submitting import actions, admission, many
from jobs.submitting.actions import Submission
from jobs.submitting.many import Matching
from rooms.database import clock
from rooms.models import Message, Room, User
from rooms.protocol import Busy, Forbidden, Invalid
from tests.integration.jobs.conftest import claim, fresh
from tests.support.caller import Caller
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
MANY = "/admin/jobs/job/many/"


@pytest.fixture
def root(bob: Any) -> User:
    bob.is_staff = bob.is_superuser = True
    bob.save()
    user: User = bob
    return user


@pytest.fixture
def do(root: User, run: Run) -> Callable[..., Job]:
    """Submit and run the job that does it."""

    def do(verb: str, **matching: Any) -> Job:
        params: dict[str, Any] = {"matching": matching}
        kind = "jobs.delete_many"
        if verb != "delete":
            kind, params["verb"] = "jobs.change_many", verb
        return run(actions.submit(Submission(root, kind, params))[0])

    return do


def states() -> list[str]:
    jobs = Job.objects.exclude(kind__startswith="jobs.")
    return sorted(jobs.values_list("state", flat=True))


def test_what_waits_or_runs_is_cancelled(
    do: Callable[..., Job], submit: Submit, run: Run, root: User
) -> None:
    later = clock.now() + timedelta(days=1)
    submit(), submit(run_at=later), run(submit())
    running = submit()
    assert claim(running)
    job = do("cancel")
    assert job.result is not None
    assert job.result["summary"] == "3 jobs cancelled or asked to stop."
    assert states() == ["cancelled", "cancelled", "running", "succeeded"]
    assert fresh(running).cancel_requested_at is not None
    assert fresh(running).cancelled_by == root
    assert not Message.objects.filter(subject=job.pk).exists(), "it is in no room"


def test_only_those_that_match_are_meant(
    do: Callable[..., Job], submit: Submit, alice: User, lobby: Room
) -> None:
    before = clock.now()
    old, _, alone = submit(), submit(kind="test.short"), submit(room=None)
    Job.objects.filter(pk=old.pk).update(created_at=before - timedelta(days=1))
    for matching, left in (
        ({"kind": "test.short"}, {old, alone}),
        ({"created_until": before.isoformat()}, {alone}),
        ({"room": lobby.pk, "requested_by": alice.pk}, {alone}),
        ({"states": ["scheduled"]}, {alone}),
        ({"created_from": before.isoformat(), "states": ["queued"]}, set()),
    ):
        do("cancel", **matching)
        queued = Job.objects.filter(state=State.QUEUED)
        assert set(queued) == left, matching


def test_spoilt_ones_are_retried_and_what_cannot_be_is_skipped(
    do: Callable[..., Job], submit: Submit, run: Run
) -> None:
    failed, unknown = run(submit("give_up")), run(submit("give_up"))
    run(submit())
    Job.objects.filter(pk=unknown.pk).update(kind="gone.kind")
    job = do("retry")
    assert job.result is not None
    assert (job.result["done"], job.result["skipped"]) == (1, 1)
    assert job.result["summary"] == "1 job queued again, 1 skipped."
    assert fresh(failed).state == State.QUEUED


def test_retrying_ends_where_the_queue_is_full(
    do: Callable[..., Job], submit: Submit, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(submit("give_up"))

    def full(*_: Any) -> None:
        raise Busy("10,000 jobs are waiting already.", 5.0)

    monkeypatch.setattr(admission, "require_room", full)
    monkeypatch.setattr(admission.Gate, "admit", lambda *_: None)
    job = do("retry")
    assert job.result is not None and "Stopped: 10,000 jobs" in job.result["summary"]
    assert states() == ["failed"]


def test_what_waits_for_its_time_is_queued(do: Callable[..., Job], submit: Submit) -> None:
    submit(run_at=clock.now() + timedelta(days=1))
    job = do("requeue")
    assert job.result is not None and job.result["done"] == 1
    assert states() == ["queued"]


def test_ended_ones_are_deleted_in_slices(
    do: Callable[..., Job], submit: Submit, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "JOBS_PER_SLICE", 2)
    for _ in range(5):
        run(submit())
    Job.objects.update(created_at=clock.now())
    waiting = submit()
    job = do("delete", kind="test.outcome")
    assert job.result is not None and job.result["summary"] == "5 jobs deleted."
    assert job.progress is not None and job.progress["current"] == 5
    assert set(Job.objects.all()) == {waiting, job}
    assert Message.objects.filter(kind="job").count() == 5


def test_who_loses_the_right_meanwhile_does_no_more(root: User, submit: Submit, run: Run) -> None:
    waiting = submit()
    wanted = Submission(root, "jobs.change_many", {"verb": "cancel"})
    job = actions.submit(wanted)[0]
    User.objects.filter(pk=root.pk).update(is_superuser=False)
    job = run(job)
    assert job.state == State.FAILED and "Only staff" in job.error_message
    assert fresh(waiting).state == State.QUEUED


def test_nobody_else_is_offered_it_or_may_submit_it(
    alice: User, root: User, lobby: Room, caller: Callable[[Any], Caller]
) -> None:
    names = [kind["name"] for kind in caller(alice).get("job-kinds").json()["kinds"]]
    assert "room.report" in names and not {"jobs.change_many", "jobs.delete_many"} & set(names)
    with pytest.raises(Forbidden):
        actions.submit(Submission(alice, "jobs.change_many", {"verb": "cancel"}))
    with pytest.raises(Invalid, match="in no room"):
        actions.submit(Submission(root, "jobs.delete_many", {}, "lobby"))
    assert not Job.objects.exists()


def test_the_page_says_how_many_before_it_submits(staff: Client, submit: Submit, run: Run) -> None:
    run(submit("give_up"))
    submit()
    listed = staff.get(reverse("admin:jobs_job_changelist"), {"state__exact": "failed", "p": "1"})
    links = re.findall(rf'href="({MANY}[^"]*)"', listed.content.decode())
    assert len(links) == 4
    link = html.unescape(next(each for each in links if "verb=retry" in each))
    assert "state__exact=failed" in link
    page = staff.get(link).content.decode()
    assert "<b>1 job</b> match" in page and "No filter is set" not in page
    come_later = run(submit("give_up"))
    done = staff.post(link, dict(HIDDEN.findall(page)))
    twice = staff.post(link, dict(HIDDEN.findall(page)))
    job = run(Job.objects.get(kind="jobs.change_many"))
    address = reverse("admin:jobs_job_change", args=[job.pk])
    assert done.headers["Location"] == twice.headers["Location"] == address
    assert job.result is not None and job.result["done"] == 1
    assert fresh(come_later).state == State.FAILED, "it was not among those that were counted"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state__exact=failed&title__contains=x", "cannot be used"),
        ("state__exact=nonsense", "finds no jobs"),
        ("q=7b0c3a52-55a0-4d2a-9d3f-2a1c5b1c7f10", "one job"),
        ("created_at_from_0=2026-01-01", "needs its time"),
        ("created_at_to_0=x&created_at_to_1=y", "needs its time"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(
    staff: Client, submit: Submit, query: str, said: str
) -> None:
    submit()
    answer = staff.get(f"{MANY}?verb=cancel&{query}", follow=True)
    assert said in html.unescape(answer.content.decode())
    staff.post(f"{MANY}?verb=cancel&{query}", {"until": clock.now().isoformat(), "key": "k"})
    assert not Job.objects.filter(kind="jobs.change_many").exists()


@pytest.mark.parametrize(
    ("permissions", "verbs"),
    [
        (["view_job"], set()),
        (["view_job", "change_job"], {"cancel", "retry", "requeue"}),
        (["view_job", "delete_job"], {"delete"}),
        (["change_job"], set()),
    ],
)
def test_each_does_what_they_may(
    staff_who_may: Callable[..., Client], permissions: list[str], verbs: set[str]
) -> None:
    client = staff_who_may(*permissions)
    for verb in many.VERBS:
        answer = client.get(f"{MANY}?verb={verb}")
        assert answer.status_code == (200 if verb in verbs else 403), verb
    page = client.get(reverse("admin:jobs_job_changelist")).content.decode()
    assert set(re.findall(r"verb=(\w+)", page)) == (verbs if "view_job" in permissions else set())


def test_the_count_is_bounded(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(), submit(), submit()
    monkeypatch.setattr(many, "MOST_COUNTED", 1)
    assert many.count("cancel", Matching()) == 2


def test_a_kind_with_a_rule_is_in_no_room() -> None:
    assert registry.get("jobs.change_many").rule
    with pytest.raises(Exception, match="in no room"):
        registry.kind("test.ruled", rule="job.change_many", needs_room=True)(lambda ctx: None)
