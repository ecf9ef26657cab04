"""Whether those who asked for jobs may still have them done. A job waits, perhaps for days, and its
requester may have been deactivated, removed or banned meanwhile, or the room archived.

Called by `attempts` when attempts begin, for any number of jobs in at most three statements.
"""

from collections.abc import Iterable
from uuid import UUID

from jobs.models import Job
from rooms.core import lookup, policy, statements
from rooms.models import User

DEACTIVATED = "The account of who asked for it is deactivated."
SHUT_OUT = "Who asked for it may not write in this room any more."


def refusals(jobs: Iterable[Job]) -> dict[UUID, str]:
    """Why jobs are not to be done any more, for those that are not. One that nobody asks for, whose
    requester was deleted, is done. Jobs come from `changes.changing_many`: those in a room have it
    and their requester with them."""
    asked = [job for job in jobs if job.requested_by_id is not None]
    in_rooms = [job for job in asked if job.room_id is not None]
    others = {job.requested_by_id or 0 for job in asked if job.room_id is None}
    people = [job.requested_by for job in in_rooms if job.requested_by is not None]
    people += statements.select(User, only=("id", "is_active"), id=others)
    active = {user.pk for user in people if user.is_active}
    found = {job.pk: DEACTIVATED for job in asked if job.requested_by_id not in active}
    rooms = {job.room.pk: job.room for job in in_rooms if job.room is not None}
    pairs = {job.pk: (job.requested_by_id or 0, job.room_id or 0) for job in in_rooms}
    facts = lookup.facts_of_many(set(pairs.values()), rooms)
    for job_id, pair in pairs.items():
        refused = policy.refusal("job.submit", facts[pair])
        if refused is not None and job_id not in found:
            found[job_id] = refused.message if refused.code == "archived" else SHUT_OUT
    return found
