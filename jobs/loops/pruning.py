"""Rows of jobs that nobody asks for any more. Registered with the housekeeping by the slice."""

from datetime import timedelta

from jobs.models import Worker
from rooms.core import housekeeping
from rooms.database import clock

# A process that has ended is shown to operators for so long.
ENDED_WORKER_DAYS = 1


def ended_workers() -> int:
    """Processes that have ended a while ago. No job names them: the last one they had was ended by
    them, or taken back."""
    before = clock.now() - timedelta(days=ENDED_WORKER_DAYS)
    return housekeeping.delete_in_batches(Worker.objects.filter(ended_at__lt=before))
