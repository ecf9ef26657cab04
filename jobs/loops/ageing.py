"""Jobs that wait for long become more urgent, so that none starves behind more urgent ones that
keep coming: by one priority for each PARLEY_JOB_AGEING_SECONDS in their queue. One of the sweep's
duties.

They are rung for again, at their new priority; the message that they had finds nothing to do.
"""

from datetime import timedelta

from django.db.models import F

from jobs.lifecycle import doorbell, pausing
from jobs.limits import job_limits
from jobs.models import Job, State
from rooms.database import clock

# Of one sweep, the oldest first.
JOBS_PER_SWEEP = 500
IDLE = 9


def age() -> int:
    """How many became more urgent. What is paused, or waits for others of its key, waits for
    something else than a worker."""
    step = timedelta(seconds=job_limits().job_ageing_seconds)
    now = clock.now()
    waiting = Job.objects.filter(
        state=State.QUEUED, hold_key=None, priority__gt=F("aged"), queued_at__lte=now - step
    )
    if not waiting.exists():
        return 0
    unpaused = pausing.unpaused(waiting, pausing.known())
    aged: list[Job] = []
    for steps in range(IDLE, 0, -1):
        late = unpaused.filter(
            queued_at__lte=now - steps * step, aged__lt=steps, priority__gte=steps
        )
        found = list(late.order_by("queued_at")[: JOBS_PER_SWEEP - len(aged)])
        chosen = Job.objects.filter(pk__in=[job.pk for job in found], state=State.QUEUED)
        chosen.update(aged=steps, rung_at=now)
        for job in found:
            job.aged = steps
        aged += found
    return doorbell.ring(aged)
