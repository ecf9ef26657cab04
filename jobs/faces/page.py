"""What the page of a room starts with: its jobs that have not ended, wherever their cards are, and
its schedules."""

from typing import Any

from jobs.lifecycle.representations import job as job_json
from jobs.models import UNFINISHED, Job, Schedule
from jobs.scheduling.representations import schedule as schedule_json
from rooms.models import Membership, Room, User

# More than anybody reads in a list; the newest.
MOST_JOBS = 100
MOST_SCHEDULES = 200


def room_state(user: User, room: Room, membership: Membership | None) -> dict[str, Any]:
    """`jobs` and `schedules`: each by its id, as REST shows it."""
    rows = Job.objects.with_relations().filter(room=room, state__in=UNFINISHED)
    newest = rows.order_by("-created_at", "-id")[:MOST_JOBS]
    schedules = Schedule.objects.with_relations().filter(room=room)[:MOST_SCHEDULES]
    return {
        "jobs": {str(row.pk): job_json(row) for row in newest},
        "schedules": {str(row.pk): schedule_json(row) for row in schedules},
    }
