"""What a process that runs one job after the other may claim together with the job that it was rung
for: others of its kind that wait in the same queue. Called by `running.clerk`.

Each of them has a message of its own, which finds nothing to do later. Jobs that have been lost
before are begun alone, because those that are claimed with a job that kills its process are lost
with it.
"""

import random
from collections.abc import Callable
from uuid import UUID

from jobs.models import Job, State
from rooms.core import statements

# Of a queue's oldest jobs.
ROWS_PER_LOOK = 200
# What waits is shared: one process takes at most one of so many.
SHARED_BY = 4


def claimable(job_id: UUID, most: Callable[[str], int]) -> list[UUID]:
    """The job, if it waits in its queue, and others that may be claimed with it: so many as `most`
    says of its kind. It is a look without a lock, the claim decides."""
    names = ("id", "state", "kind", "queue", "priority", "aged", "losses")
    named = next(iter(statements.select(Job, only=names, id=[job_id])), None)
    if named is None or named.state != State.QUEUED:
        return []
    wanted = most(named.kind)
    if not wanted or named.losses:
        return [job_id]
    return [job_id, *_others(named, wanted)]


def _others(named: Job, most: int) -> list[UUID]:
    rows = (
        Job.objects.filter(state=State.QUEUED, queue=named.queue)
        .order_by("queued_at")
        .values_list("pk", "kind", "priority", "aged", "losses", "hold_key")[:ROWS_PER_LOOK]
    )
    like_it = (named.kind, named.priority, named.aged, 0, None)
    found = [pk for pk, *of_it in rows if tuple(of_it) == like_it and pk != named.pk]
    number = min(most, len(found) // SHARED_BY)
    # Other processes look at the same moment, and should not want the same ones.
    start = random.randint(0, len(found) - number)
    return found[start : start + number]
