"""What a job's timeline is made of."""

from datetime import UTC, datetime, timedelta

from jobs.admin import timeline
from jobs.models import Attempt, Job, Outcome, State
from rooms.models import User

AT = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_a_scheduled_job_says_when_it_comes() -> None:
    job = Job(title="T", state=State.SCHEDULED, created_at=AT, run_at=after(60), due_at=after(60))
    story = timeline.made(job, [], [], [], [], after(1))
    assert [(each.title, each.tone) for each in story] == [
        ("Submitted", "quiet"),
        ("To run", "wait"),
    ]
    assert "somebody who is gone" in story[0].said and "to run at 2026-01-01" in story[0].said


def test_what_has_one_time_stays_in_its_order() -> None:
    job = Job(
        title="T",
        state=State.CANCELLED,
        requested_by=User(username="ana", first_name="Ana"),
        created_at=AT,
        queued_at=AT,
        cancel_requested_at=after(5),
        finished_at=after(6),
    )
    attempts = [
        Attempt(
            number=1,
            worker="w/1",
            started_at=after(1),
            ended_at=after(6),
            outcome=Outcome.CANCELLED,
            log="a line",
        )
    ]
    story = timeline.made(job, attempts, [], [], [], after(9))
    assert [each.title for each in story] == [
        "Submitted",
        "Attempt 1 began",
        "Asked to stop",
        "Attempt 1: cancelled",
        "Ended: cancelled",
    ]
    assert story[3].parts == [timeline.FoldedText("Log", "a line")]
