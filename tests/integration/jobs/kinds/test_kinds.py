"""The kinds that come with Parley, on a room with a history."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from django.utils import timezone

from jobs.models import Job
from rooms.features.messages.actions import Post, post_message
from rooms.models import Attachment, Message, Room, User
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

# A kind and its params → the job, which has succeeded.
Done = Callable[..., Job]


def result(job: Job) -> Any:
    assert job.result is not None
    return job.result


@pytest.fixture
def talk(alice: User, bob: User, lobby: Room) -> None:
    """Three messages of Alice's, one of Bob's in answer; one of them a month old."""
    first = post_message(Post(alice, "lobby", "Ferries are slow"))
    post_message(Post(alice, "lobby", "Ferries are **lovely** <script>alert(1)</script>"))
    post_message(Post(bob, "lobby", "Ferries? Trains!", reply_to=cast(int, first["id"])))
    old = post_message(Post(alice, "lobby", "Long ago"))
    at = timezone.now() - timedelta(days=30)
    Message.objects.filter(pk=cast(int, old["id"])).update(created_at=at)


@pytest.fixture
def done(submit: Submit, run: Run, alice: User) -> Done:
    from jobs.submitting import actions
    from jobs.submitting.actions import Submission

    def done(kind: str, **params: object) -> Job:
        job = run(actions.submit(Submission(alice, kind, params, "lobby"))[0])
        assert job.state == "succeeded", job.error_message
        return job

    return done


def content(file: Attachment) -> str:
    with file.file.open() as opened:
        text: str = opened.read().decode()
    return text


def test_the_report_counts_by_day_hour_and_person(talk: None, done: Done) -> None:
    job = done("room.report", days=7)
    assert result(job)["summary"] == "3 messages by 2 people in 7 days."
    assert [row[:3] for row in result(job)["table"]["rows"]] == [
        ["Alice", 2, "67%"],
        ["Bob", 1, "33%"],
    ]
    assert len(result(job)["per_day"]) == 7
    assert sum(result(job)["per_day"].values()) == sum(result(job)["per_hour"]) == 3
    [plot] = job.files.all()
    assert (plot.content_type, content(plot)[:5]) == ("image/svg+xml", "<svg ")
    assert (plot.width, plot.height) == (360, 316)


def test_the_report_reaches_back_as_far_as_asked(talk: None, done: Done) -> None:
    job = done("room.report", days=60)
    assert result(job)["summary"].startswith("4 messages")


def test_an_empty_room_has_a_report_as_well(lobby: Room, done: Done) -> None:
    job = done("room.report")
    assert result(job)["summary"] == "0 messages by 0 people in 7 days."
    assert not job.files.exists()


def test_the_export_holds_every_message_once(talk: None, done: Done) -> None:
    job = done("room.export")
    lines, page = sorted(job.files.all(), key=lambda file: file.name, reverse=True)
    rows = [json.loads(line) for line in content(lines).splitlines()]
    assert [row["body"] for row in rows] == list(
        Message.objects.filter(kind="text").order_by("seq").values_list("body", flat=True)
    )
    html = content(page)
    assert html.count("<article") == 4
    assert "<strong>lovely</strong>" in html and "<script" not in html
    assert job.progress is not None and job.progress["current"] == 4


def test_a_large_export_comes_in_parts(talk: None, done: Done, settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"upload_bytes": 1400})
    job = done("room.export", formats="html")
    files = list(job.files.all())
    assert len(files) > 1
    assert all(file.size <= 1400 for file in files)
    assert sum(content(file).count("<article") for file in files) == 4
    assert all(content(file).startswith("<!doctype") for file in files)


def test_what_people_write_cannot_make_a_digest_too_large(
    talk: None, done: Done, alice: User
) -> None:
    for letter in "abcdefghijklmnop":
        post_message(Post(alice, "lobby", letter * 10_000))
    assert result(done("room.digest", words=100))["table"]["rows"][0] == ["ferries", 3]


def test_the_digest_runs_its_parts_side_by_side(talk: None, done: Done) -> None:
    job = done("room.digest")
    assert result(job)["table"]["rows"][0] == ["ferries", 3]
    assert result(job)["people"] == [
        {"name": "Alice", "messages": 2, "answered": 1},
        {"name": "Bob", "messages": 1, "answered": 0},
    ]
    assert [(step.name, step.state) for step in job.steps.all()] == [
        ("words", "succeeded"),
        ("people", "succeeded"),
    ]
