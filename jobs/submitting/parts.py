"""A job makes parts of itself: jobs of other kinds, or of the same, that it waits for. Called by
the context of kinds, while the job runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs.lifecycle import doorbell, parts
from jobs.lifecycle.parts import MOST_PARTS, Place
from jobs.models import Job
from rooms.protocol import Invalid, Refusal

from . import admission, insertion, submission
from .submission import Submission


@dataclass(frozen=True)
class JobPart:
    """What is to be done, by whom who asked for the whole, in its room."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


def make(job: Job, lease: UUID, name: str, wanted: Sequence[JobPart], required: bool) -> bool:
    """Those that are not there yet, all or none. False: the lease is somebody else's, and nothing
    was made. Raises Refusal for what cannot be a part."""
    there = {(row.part or {}).get("position") for row in parts.made(job.pk, name)}
    missing = [place for place in enumerate(wanted) if place[0] not in there]
    if job.parts + len(missing) > MOST_PARTS:
        raise Invalid(f"A job has at most {MOST_PARTS} parts.")
    if job.parent_id and Job.objects.filter(pk=job.parent_id, parent__isnull=False).exists():
        raise Invalid("What is a part of a part has no parts.")
    if job.requested_by is None:
        raise Invalid("Whoever asked for the job is gone, and nobody asks for its parts.")
    room = job.room.slug if job.room else None
    checked = [
        submission.checked(
            Submission(
                job.requested_by,
                part.kind,
                dict(part.params),
                room,
                job.priority,
                parent=job.pk,
                part=Place(name, position, required),
            )
        )
        for position, part in missing
    ]
    loads = admission.loads({each.kind.queue for each in checked})
    with transaction.atomic():
        gate = admission.OpenGate({}, loads)
        outcomes, _ = insertion.insert_in_transaction(checked, loads, gate)
        made: list[Job] = []
        for outcome in outcomes:
            if isinstance(outcome, Refusal):
                raise outcome
            made.append(outcome.job)
        # After the room, as everywhere; until the commit nobody else has the job.
        if not job.hold(lease, parts=job.parts + len(made)):
            transaction.set_rollback(True)
            return False
        doorbell.ring_on_commit(made)
    job.parts += len(made)
    gate.count()
    return True
