"""The one JSON shape of a schedule: for events, REST and the page. Plain JSON types only."""

from datetime import datetime
from typing import Any

from jobs.models import Schedule
from rooms.core.representations import person, timestamp

from . import times


def _at(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)


def schedule(row: Schedule) -> dict[str, Any]:
    return {
        "id": row.pk,
        "title": row.title,
        "kind": row.kind,
        "params": row.params,
        "room": row.room.slug if row.room else None,
        "owner": person(row.owner),
        "priority": row.priority,
        "cron": row.cron or None,
        "every": row.every,
        "time_zone": row.time_zone,
        "words": times.words(times.of(row)),
        "catch_up": str(row.catch_up),
        "paused": row.paused,
        "pause_reason": row.pause_reason or None,
        "created_at": timestamp(row.created_at),
        "next_run_at": _at(row.next_run_at),
        "last_run_at": _at(row.last_run_at),
        "last_job": None if row.last_job_id is None else str(row.last_job_id),
    }
