"""What the page of a room starts with: its jobs that have not ended, wherever their cards are."""

from typing import Any

from jobs.lifecycle.representations import job as job_json
from jobs.models import UNFINISHED, Job
from rooms.models import Membership, Room, User

# More than anybody reads in a list; the newest.
MOST_JOBS = 100


def room_state(user: User, room: Room, membership: Membership | None) -> dict[str, Any]:
    """`jobs`: each by its id, as REST shows it."""
    rows = Job.objects.with_relations().filter(room=room, state__in=UNFINISHED)
    newest = rows.order_by("-created_at", "-id")[:MOST_JOBS]
    return {"jobs": {str(row.pk): job_json(row) for row in newest}}
