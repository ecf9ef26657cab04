"""The one JSON shape of a job, an attempt and a kind: for events, the socket, REST and pages.

Plain JSON types only. Jobs come from `Job.objects.with_relations()`, or queries multiply.
"""

from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson

from jobs.models import Attempt, Job, JobQuestion, State, Step
from jobs.registry import Kind
from rooms.core.representations import attachment, person, timestamp

from . import storable


def _at(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)


def _error(error_class: str, message: str) -> dict[str, str] | None:
    return {"class": error_class, "message": message} if error_class else None


def _readable(value: Any) -> Any:
    """JSON out of a row, if it can be sent as it is, else what can be of it. Parley writes only
    what can; somebody else, or a version before, may have written something that hides every
    list that it is in."""
    try:
        orjson.dumps(value)
        return value
    except TypeError:
        try:
            return orjson.loads(storable.json(value))
        except ValueError:
            return None


def _object(value: Any) -> dict[str, Any] | None:
    found = _readable(value)
    return found if isinstance(found, dict) else None


def _progress(value: Any) -> dict[str, Any] | None:
    found = _object(value)
    if found is None:
        return None
    try:
        total = found.get("total")
        return {
            "current": storable.number(found.get("current")),
            "total": None if total is None else storable.number(total),
            "text": storable.text(found.get("text", "")),
        }
    except ValueError:
        return None


def job(row: Job) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "title": row.title,
        "state": str(row.state),
        "room": row.room.slug if row.room else None,
        "seq": row.seq if row.room else None,
        "queue": row.queue,
        "priority": row.priority,
        "params": _object(row.params) or {},
        "requested_by": person(row.requested_by),
        "created_at": timestamp(row.created_at),
        "run_at": _at(row.run_at),
        "started_at": _at(row.started_at),
        "finished_at": _at(row.finished_at),
        "attempt": row.attempt,
        "max_attempts": row.max_attempts,
        "retry_at": _at(row.due_at) if row.state == State.RETRYING else None,
        "progress": _progress(row.progress),
        "result": _object(row.result),
        "error": _error(row.error_class, row.error_message),
        "cancel_requested": row.cancel_requested_at is not None,
        "cancelled_by": person(row.cancelled_by),
        "attachments": [attachment(file) for file in row.files.all()],
        "steps": [step(each) for each in row.steps.all()],
        "questions": [question(each) for each in row.questions.all()],
        "parent": None if row.parent_id is None else str(row.parent_id),
        "parts": [part(each) for each in sorted(row.children.all(), key=attrgetter("part_order"))]
        if row.parts
        else [],
    }


def part(row: Job) -> dict[str, Any]:
    """A job as its parent shows it."""
    result = _object(row.result) or {}
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "title": row.title,
        "state": str(row.state),
        "summary": storable.text(result["summary"]) if result.get("summary") else None,
        "error": _error(row.error_class, row.error_message),
    }


def step(row: Step) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": str(row.state),
        "result": _readable(row.result),
        "error": _error(row.error_class, row.error_message),
    }


def question(row: JobQuestion) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "text": row.text,
        "choices": row.choices,
        "who": str(row.who),
        "state": str(row.state),
        "asked_at": timestamp(row.asked_at),
        "expires_at": timestamp(row.expires_at),
        "answer": row.answer or None,
        "answered_by": person(row.answered_by),
        "answered_at": _at(row.answered_at),
    }


def attempt(row: Attempt, for_staff: bool) -> dict[str, Any]:
    """Tracebacks and logs may show what only those who run the site should see."""
    body: dict[str, Any] = {
        "number": row.number,
        "worker": row.worker,
        "started_at": timestamp(row.started_at),
        "ended_at": _at(row.ended_at),
        "outcome": str(row.outcome) or None,
        "error_class": row.error_class or None,
        "message": row.message or None,
    }
    if for_staff:
        body["traceback"] = row.traceback or None
        body["log"] = row.log or None
    return body


def kind(declared: Kind) -> dict[str, Any]:
    return {
        "name": declared.name,
        "title": declared.title,
        "description": declared.description,
        "queue": declared.queue,
        "needs_room": declared.needs_room,
        "params_schema": declared.params.model_json_schema(),
        "limits": {
            "max_attempts": declared.max_attempts,
            "soft_time_limit": declared.soft_time_limit,
            "hard_time_limit": declared.hard_time_limit,
            "at_once": declared.at_once,
            "unique_within": (
                declared.unique_within.total_seconds() if declared.unique_within else None
            ),
        },
    }
