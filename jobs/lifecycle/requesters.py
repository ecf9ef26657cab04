"""Whether those who asked for jobs may still have them done. A job waits, perhaps for days, and its
requester may have been deactivated, removed or banned meanwhile, or the room archived.

Called by `attempts` when attempts begin, for any number of jobs in at most three statements.
"""

from collections.abc import Iterable
from uuid import UUID

from jobs.models import Job
from rooms.core import policy, statements
from rooms.core.policy import Facts
from rooms.models import Ban, Membership, User

DEACTIVATED = "The account of who asked for it is deactivated."
SHUT_OUT = "Who asked for it may not write in this room any more."


def refusals(jobs: Iterable[Job]) -> dict[UUID, str]:
    """Why jobs are not to be done any more, for those that are not. A job whose requester's row is
    gone is nobody's, and done. Rooms are those that the transaction holds, in `job.room`."""
    jobs = [job for job in jobs if job.requested_by_id is not None]
    ids = {job.requested_by_id or 0 for job in jobs}
    known = statements.select(User, only=("id", "is_active"), id=ids)
    active = {user.pk for user in known if user.is_active}
    found = {job.pk: DEACTIVATED for job in jobs if job.requested_by_id not in active}
    facts = _facts([job for job in jobs if job.pk not in found and job.room_id is not None])
    for job_id, of in facts.items():
        refused = policy.refusal("job.submit", of)
        if refused is not None:
            found[job_id] = str(refused) if refused.code == "archived" else SHUT_OUT
    return found


def _facts(jobs: list[Job]) -> dict[UUID, Facts]:
    """What requesters are to the rooms of their jobs."""
    rooms = {job.room_id or 0 for job in jobs}
    people = {job.requested_by_id or 0 for job in jobs}
    members = statements.select(Membership, room_id=rooms, user_id=people)
    roles = {(row.user_id, row.room_id): row.role for row in members}
    pairs = {job.pk: (job.requested_by_id or 0, job.room_id or 0) for job in jobs}
    strangers = {pair for pair in pairs.values() if pair not in roles}
    bans = statements.select(
        Ban,
        room_id={room_id for _, room_id in strangers},
        user_id={user_id for user_id, _ in strangers},
    )
    banned = {(ban.user_id or 0, ban.room_id) for ban in bans if ban.in_force}
    return {
        job.pk: Facts(job.room, roles.get(pairs[job.pk]), banned=pairs[job.pk] in banned)
        for job in jobs
    }
