"""Rows of jobs that nobody asks for any more. Registered with the housekeeping by the slice."""

from datetime import timedelta

from jobs.models import KeptAnswer, Worker
from rooms.core import housekeeping
from rooms.database import clock

# A process that has ended is shown to operators for so long.
ENDED_WORKER_DAYS = 1
KEPT_ANSWER_HOURS = 24


def ended_workers() -> int:
    """Processes that have ended a while ago. No job names them: the last one they had was ended by
    them, or taken back."""
    before = clock.now() - timedelta(days=ENDED_WORKER_DAYS)
    return housekeeping.delete_in_batches(Worker.objects.filter(ended_at__lt=before))


def kept_answers() -> int:
    """Of requests with an `Idempotency-Key`. A job is found by its key for as long as it is there;
    what was said of it is not given again after this."""
    before = clock.now() - timedelta(hours=KEPT_ANSWER_HOURS)
    return housekeeping.delete_in_batches(KeptAnswer.objects.filter(created_at__lt=before))
