"""Jobs in the terminal client."""

from typing import Any

from jobs.faces import terminal


def test_jobs_in_one_line() -> None:
    job = {
        "title": "Report",
        "state": "running",
        "attempt": 2,
        "max_attempts": 3,
        "progress": {"current": 3.0, "total": 7.0, "text": "days"},
        "error": None,
    }
    assert terminal.changed({"job": job}) == "▪  Report · running, attempt 2 of 3 3/7 days"
    failed = {**job, "state": "failed", "error": {"class": "ValueError", "message": "no\x1b"}}
    assert terminal.changed({"job": failed}) == "▪  Report · ✗ failed: no␛"


def test_a_question_says_how_it_is_answered() -> None:
    question = {"state": "open", "text": "Go\x1b?", "choices": ["Yes", "No"]}
    job: dict[str, Any] = {
        "id": "0198f5a2-7d5c",
        "title": "Report",
        "state": "waiting",
        "attempt": 1,
        "progress": None,
        "error": None,
        "questions": [{**question, "state": "answered"}, question],
    }
    asks = "▪  Report · waiting for an answer: Go␛? (/answer 0198f5a2 Yes / No)"
    assert terminal.changed({"job": job}) == asks


def test_what_runs_is_shown_until_it_has_ended() -> None:
    titles = terminal.Titles()
    made = {"current": 3.0, "total": None, "text": ""}
    job: dict[str, Any] = {"id": "x", "title": "Report", "state": "queued", "progress": None}
    assert titles.changed({"job": job}) == ("x", "Report queued")
    assert titles.progressed({"job": "x", "progress": made}) == ("x", "Report 3")
    assert titles.changed({"job": {**job, "state": "succeeded"}}) == ("x", None)
    assert titles.progressed({"job": "y", "progress": made}) == ("y", "Job 3")


def test_schedules_in_a_line() -> None:
    schedule = {"id": 3, "title": "Tea", "words": "Every 1h", "paused": False, "pause_reason": None}
    assert terminal.schedule_changed({"schedule": schedule}) == "↻  3 Tea · Every 1h"
    schedule |= {"paused": True, "pause_reason": "Paused by Ana."}
    assert terminal.schedule_changed({"schedule": schedule}) == "↻  3 Tea · Paused by Ana."
    assert terminal.schedule_deleted({"schedule": {"id": 3}}) == "↻  Schedule 3 is deleted"
