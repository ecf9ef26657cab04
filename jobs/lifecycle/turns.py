"""Whose turn it is where the broker does not order jobs: a message then means "one of this queue".

RabbitMQ's quorum queues have two priorities, or none. There are as many messages as jobs, whichever
each names; the most urgent one is taken first, those of one priority as their messages come.
"""

import random
from uuid import UUID

from django.db.models import F

from jobs import registry
from jobs.models import Job, State

from . import holding, pausing

# When the job that a message names is gone, several may look for another one at the same moment.
AMONG = 20


def whose(job_id: UUID) -> UUID | None:
    """The job to be claimed for a message that names `job_id`; None: none waits in its queue."""
    named = Job.objects.filter(pk=job_id).values("queue", "kind", "priority", "aged").first()
    if named is None:
        return None
    # What is paused, or has to wait for others of its key, has no turn.
    queued = pausing.unpaused(
        Job.objects.filter(state=State.QUEUED, queue=named["queue"]), pausing.known()
    )
    queued = holding.with_place(queued, AMONG)
    # Those that need a process have messages of their own.
    alone = [kind.name for kind in registry.known() if kind.needs_process]
    if named["kind"] in alone:
        queued = queued.filter(kind__in=alone)
    else:
        queued = queued.exclude(kind__in=alone)
    waits = queued.filter(pk=job_id).exists()
    if waits:
        urgency = named["priority"] - named["aged"]
        if urgency <= 0:
            return job_id
        queued = queued.filter(priority__lt=F("aged") + urgency)
    order = queued.order_by(F("priority") - F("aged"), "queued_at")
    found = list(order.values_list("pk", "priority", "aged")[:AMONG])
    if not found:
        return job_id if waits else None
    _, priority, aged = found[0]
    most = priority - aged
    return random.choice([pk for pk, priority, aged in found if priority - aged == most])
