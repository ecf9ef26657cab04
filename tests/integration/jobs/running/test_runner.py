"""One attempt at a job: every way in which it can end, and what the room hears of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs.lifecycle import attempts, representations, requesters
from jobs.lifecycle.verdict import Ending
from jobs.models import Attempt, Job, Outcome, State, Step
from jobs.running import crew, runner
from jobs.running.worker import WorkerProcess
from rooms.core.representations import timestamp
from rooms.models import Attachment, Ban, Event, Membership, Message, Room, User
from tests.integration.jobs.conftest import PROCESS, claim, fresh, make_due, outcomes, told
from tests.support.waiting import until
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def reports(job: Job) -> list[Message]:
    return list(Message.objects.filter(subject=job.pk, kind="job"))


def test_a_job_succeeds_and_tells_the_room_once(submit: Submit, run: Run, alice: User) -> None:
    job = run(submit("ok", value="x"))
    assert job.state == State.SUCCEEDED
    assert job.result == {"summary": "Done x", "value": "x"}
    assert told(job) == ["queued", "running", "succeeded"]
    [report] = reports(job)
    assert (report.body, report.author) == ("Done x", alice)
    assert outcomes(job) == [Outcome.SUCCEEDED]
    assert job.lease_token is None


def test_the_last_event_is_the_job_as_rest_shows_it(submit: Submit, run: Run) -> None:
    job = run(submit("attach", value="you"))
    changes = Event.objects.filter(type="job.changed").order_by("seq")
    first, last = changes[0], changes.reverse()[0]
    assert last.payload == {"job": representations.job(job)}
    assert representations.job(job)["seq"] == first.seq


def test_the_end_and_its_message_are_neighbours_in_the_log(
    submit: Submit, run: Run, lobby: Room
) -> None:
    run(submit("ok"))
    last = Event.objects.filter(room=lobby).order_by("-seq")[:2]
    assert [event.type for event in last] == ["message.created", "job.changed"]


def test_a_failure_is_tried_again_until_the_attempts_are_used_up(submit: Submit, run: Run) -> None:
    job = submit("error", value="boo")
    for _ in range(2):
        job = run(job)
        assert (job.state, job.error_class, job.error_message) == ("retrying", "Expected", "boo")
        assert not reports(job)
        make_due(job)
    job = run(job)
    assert job.state == State.FAILED
    assert outcomes(job) == [Outcome.FAILED] * 3
    assert [report.body for report in reports(job)] == ["Test failed after 3 attempts: boo"]
    assert told(job) == [*["queued", "running", "retrying"] * 2, "queued", "running", "failed"]


def test_what_an_exception_says_is_shown_as_it_is(submit: Submit, run: Run) -> None:
    job = submit("error", value="Report.__init__() missing *one* <argument> in README_md_x")
    while job.state != State.FAILED:
        job = run(job)
        if job.state == State.RETRYING:
            make_due(job)
    [report] = reports(job)
    assert "<strong>" not in report.html and "<em>" not in report.html
    assert "Report.__init__() missing *one* &lt;argument&gt; in README_md_x</p>" in report.html


def test_a_job_may_fail_first_and_succeed_then(submit: Submit, run: Run) -> None:
    job = run(submit("ok", failures=1))
    make_due(job)
    job = run(job)
    assert (job.state, job.error_class) == (State.SUCCEEDED, "")


@pytest.mark.parametrize(
    ("outcome", "params", "error"),
    [
        ("give_up", {"value": "no use"}, "GiveUp"),
        ("error", {"value": "hopeless"}, "Hopeless"),
        ("exit", {}, "SystemExit"),
        ("not_json", {}, "GiveUp"),
    ],
)
def test_some_failures_are_final(
    submit: Submit, run: Run, outcome: str, params: dict[str, Any], error: str
) -> None:
    job = run(submit(outcome, **params))
    assert (job.state, job.attempt, job.error_class) == (State.FAILED, 1, error)


def test_the_staff_find_the_traceback_with_the_attempt(submit: Submit, run: Run) -> None:
    attempt = run(submit("error")).attempts.get()
    assert "tests/kinds.py" in attempt.traceback


def test_a_postponed_job_keeps_its_attempts(submit: Submit, run: Run) -> None:
    job = run(submit("retry_later", seconds=120))
    assert (job.state, outcomes(job)) == (State.RETRYING, [Outcome.POSTPONED])
    assert job.due_at is not None
    assert timedelta(seconds=110) < job.due_at - timezone.now() <= timedelta(seconds=120)
    assert job.max_attempts - job.attempt == 3
    assert representations.job(job)["retry_at"] == timestamp(job.due_at)


def test_params_that_no_longer_fit_end_the_job(submit: Submit, run: Run) -> None:
    job = submit("ok")
    Job.objects.filter(pk=job.pk).update(params={"outcome": "unheard of"})
    assert run(job).state == State.FAILED


def test_a_kind_that_this_worker_does_not_know_is_left_to_another(submit: Submit, run: Run) -> None:
    job = submit("ok")
    Job.objects.filter(pk=job.pk).update(kind="test.forgotten")
    assert run(job).state == State.RETRYING


def close_the_room(job: Job) -> None:
    Room.objects.filter(pk=job.room_id or 0).update(visibility=Room.Visibility.PRIVATE)
    Membership.objects.filter(room=job.room, user=job.requested_by).delete()


def archive_the_room(job: Job) -> None:
    Room.objects.filter(pk=job.room_id or 0).update(archived_at=timezone.now())


def close_the_account(job: Job) -> None:
    User.objects.filter(pk=job.requested_by_id or 0).update(is_active=False)


def close_the_account_in_no_room(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(room=None)
    close_the_account(job)


SHUT_OUT: dict[str, Callable[[Job], object]] = {
    "deactivated": close_the_account,
    "deactivated, in no room": close_the_account_in_no_room,
    "no member of a closed room": close_the_room,
    "banned": lambda job: (
        Membership.objects.filter(room=job.room, user=job.requested_by).delete(),
        Ban.objects.create(room_id=job.room_id or 0, user=job.requested_by),
    ),
    "archived": archive_the_room,
}


@pytest.mark.parametrize("how", SHUT_OUT)
def test_who_lost_their_access_has_nothing_done_any_more(
    submit: Submit, run: Run, how: str
) -> None:
    job = submit("attach", value="secret")
    SHUT_OUT[how](job)
    job = run(job)
    assert (job.state, job.error_class) == (State.FAILED, "GiveUp")
    assert job.error_message in (
        requesters.DEACTIVATED,
        requesters.SHUT_OUT,
        "Lobby is archived: it can be read, not written.",
    )
    assert not Attachment.objects.exists()


def test_who_only_left_a_public_room_has_their_job_done(submit: Submit, run: Run) -> None:
    job = submit("ok")
    Membership.objects.filter(room=job.room, user=job.requested_by).delete()
    assert run(job).state == State.SUCCEEDED


def test_a_file_belongs_to_the_result_and_to_the_message(submit: Submit, run: Run) -> None:
    job = run(submit("attach", value="you"))
    [file] = job.files.all()
    assert file.message == reports(job)[0]
    with file.file.open() as content:
        assert content.read() == b"hello you"
    assert representations.job(job)["attachments"][0]["name"] == "hello.txt"


def test_the_files_of_a_failed_attempt_are_thrown_away(submit: Submit, run: Run) -> None:
    job = submit("attach")
    claimed = claim(job)
    assert claimed is not None
    ours = crew.of(PROCESS)
    prepared = runner.prepare(claimed, PROCESS, ours)
    prepared.context.attach("a.txt", "text/plain", b"a")
    path = Attachment.objects.get().file.path
    runner.report(claimed, Ending(Outcome.FAILED, files=prepared.context.files), ours.clerk)
    until(lambda: not Attachment.objects.exists())
    with pytest.raises(FileNotFoundError):
        open(path)


@pytest.mark.parametrize("value", ["", "step"])
def test_a_text_that_was_not_written_for_the_room_is_for_staff_alone(
    submit: Submit, run: Run, value: str
) -> None:
    job = submit("secret", value=value)
    for _ in range(3):
        job = run(job)
        if not job.finished:
            make_due(job)
    assert (job.state, job.error_class, job.error_message) == ("failed", "ConnectionError", "")
    assert [report.body for report in reports(job)] == [
        "Test failed after 3 attempts: ConnectionError"
    ]
    attempts = list(job.attempts.all())
    everything = [
        representations.job(job),
        *(representations.attempt(attempt, False) for attempt in attempts),
        *Event.objects.values_list("encoded", flat=True),
        *Message.objects.values_list("body", flat=True),
    ]
    assert "s3cret" not in str(everything) and "db.internal" not in str(everything)
    assert all("s3cret" in representations.attempt(each, True)["traceback"] for each in attempts)


def test_steps_keep_their_results_over_a_failure(submit: Submit, run: Run) -> None:
    job = run(submit("steps", value="fail"))
    assert [(step.name, step.state) for step in job.steps.all()] == [
        ("first", Step.State.SUCCEEDED),
        ("second", Step.State.FAILED),
    ]
    assert representations.job(job)["steps"][1]["error"]["message"] == "the second part"
    make_due(job)
    job = run(job)
    # The first part was not run again: it still has the result of the first attempt.
    assert job.result is not None and job.result["parts"] == {
        "first": {"first": 1},
        "second": {"second": 2},
    }


def test_progress_is_on_the_row_for_those_who_come_later(submit: Submit, run: Run) -> None:
    job = run(submit("slow", steps=3, seconds=0))
    assert job.progress == {"current": 3, "total": 3, "text": "done"}


def test_a_soft_time_limit_interrupts(submit: Submit, run: Run) -> None:
    job = run(submit("hang", kind="test.short"))
    assert (job.state, outcomes(job)) == (State.FAILED, [Outcome.TIMED_OUT])


def test_a_kind_that_swallows_everything_is_ended_over_its_head(submit: Submit) -> None:
    """Here the process cannot be killed; the job ends nevertheless, and once."""
    killed = []
    process = replace(PROCESS, kill=lambda: killed.append(True))
    job = submit("stubborn", kind="test.short", seconds=4.5)
    assert runner.run(job.pk, process) is None
    assert killed == [True]
    job = fresh(job)
    assert (job.state, outcomes(job), len(reports(job))) == ("failed", [Outcome.TIMED_OUT], 1)


def test_a_draining_worker_takes_no_job(submit: Submit, run: Run) -> None:
    job = submit("ok")
    assert runner.run(job.pk, replace(PROCESS, draining=lambda: True)) is None
    assert fresh(job).state == State.QUEUED


def test_a_worker_that_shuts_down_hands_its_job_back(submit: Submit, settings: Any) -> None:
    settings.PARLEY_JOB_LIMITS = settings.PARLEY_JOB_LIMITS.model_copy(
        update={"job_drain_seconds": 0.5}
    )
    answers = iter([False])
    process = replace(PROCESS, draining=lambda: next(answers, True))
    job = submit("hang", seconds=60)
    runner.run(job.pk, process)
    job = fresh(job)
    assert (job.state, outcomes(job)) == (State.QUEUED, [Outcome.INTERRUPTED])
    assert job.max_attempts - job.attempt == 3
    assert not reports(job)


# The lease ----------------------------------------------------------------------------------------


def test_a_job_is_claimed_once(submit: Submit) -> None:
    job = submit("ok")
    assert claim(job, "one") is not None
    assert claim(job, "two") is None
    assert Attempt.objects.count() == 1


def test_a_stale_worker_writes_nothing(submit: Submit, run: Run) -> None:
    """The lease of the first worker expires while it works; a second one does the job."""
    job = submit("attach")
    stale = claim(job, "stale")
    assert stale is not None
    assert attempts.end(job.pk, stale.lease, Ending(Outcome.LOST)) is not None
    done = run(job)
    before = Event.objects.count()
    late = Ending(Outcome.SUCCEEDED, result={"summary": "too late"})
    assert runner.report(stale, late, crew.of(PROCESS).clerk).result() is None
    assert not fresh(job).hold(stale.lease, progress={"current": 1})
    job = fresh(job)
    assert (job.result, Event.objects.count()) == (done.result, before)
    assert outcomes(job) == [Outcome.LOST, Outcome.SUCCEEDED]
    assert len(reports(job)) == 1


def meanwhile(happens: Callable[[], None]) -> WorkerProcess:
    """A process to which this happens whenever its keeper asks whether it is draining, which is
    once a second, and when its runner does, which is before the claim."""

    def draining() -> bool:
        happens()
        if threading.current_thread() is not threading.main_thread():
            connection.close()
        return False

    return replace(PROCESS, draining=draining)


def test_a_worker_whose_lease_is_taken_stops(submit: Submit) -> None:
    """Somebody takes the job while the kind is at it: the keeper sees it and interrupts."""
    job = submit("hang", seconds=60)
    assert runner.run(job.pk, meanwhile(lambda: take_away(job))) is None
    assert outcomes(fresh(job)) == [Outcome.LOST]


def take_away(job: Job) -> None:
    row = Job.objects.filter(pk=job.pk, state=State.RUNNING).values_list("lease_token", flat=True)
    for lease in row:
        assert lease is not None
        attempts.end(job.pk, lease, Ending(Outcome.LOST))


def test_the_lease_is_renewed_while_the_kind_works(submit: Submit, settings: Any) -> None:
    limits = settings.PARLEY_JOB_LIMITS
    settings.PARLEY_JOB_LIMITS = limits.model_copy(update={"job_beat_seconds": 0.5})
    seen: list[datetime] = []

    def look() -> None:
        lease = lease_of(job)
        if lease is not None and lease not in seen:
            seen.append(lease)
        if len(seen) > 2:
            Job.objects.filter(pk=job.pk).update(cancel_requested_at=timezone.now())

    job = submit("hang", seconds=60)
    runner.run(job.pk, meanwhile(look))
    assert seen == sorted(seen)
    assert fresh(job).state == State.CANCELLED


def lease_of(job: Job) -> datetime | None:
    worker = fresh(job).worker
    return worker.lease_expires_at if worker else None


def test_a_running_job_is_cancelled_where_it_looks(submit: Submit, alice: User) -> None:
    from jobs.submitting import actions

    job = submit("slow", steps=1000, seconds=0.02)
    runner.run(job.pk, meanwhile(lambda: cancel_running(actions, alice, job)))
    job = fresh(job)
    assert (job.state, outcomes(job)) == (State.CANCELLED, [Outcome.CANCELLED])
    assert job.progress is not None and job.progress["current"] < 1000
    assert [report.body for report in reports(job)] == ["Test was cancelled."]


def test_a_running_job_that_does_not_look_is_cancelled_by_force(
    submit: Submit, alice: User, settings: Any
) -> None:
    from jobs.submitting import actions

    limits = settings.PARLEY_JOB_LIMITS
    settings.PARLEY_JOB_LIMITS = limits.model_copy(update={"job_cancel_grace_seconds": 0.5})
    job = submit("catch_cancel", seconds=60)
    runner.run(job.pk, meanwhile(lambda: cancel_running(actions, alice, job)))
    job = fresh(job)
    assert job.state == State.CANCELLED
    assert "tidied up" in job.attempts.get().log


def cancel_running(actions: Any, user: User, job: Job) -> None:
    if fresh(job).state == State.RUNNING:
        actions.cancel(user, job.pk)


def test_no_thread_is_left(submit: Submit, run: Run) -> None:
    before = threading.active_count()
    run(submit("steps"))
    until(lambda: threading.active_count() <= before + 2, what="clerk and keeper are left")
