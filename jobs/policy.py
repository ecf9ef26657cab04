"""Who may do what with a job. Pure decisions; a job that the caller may not see does not exist.

`JobQuerySet.visible_to` is `may_see` as a query.
"""

from rooms.core import policy as rooms_policy
from rooms.models import Membership, User
from rooms.protocol import Forbidden

from .models import Job


def runs_the_site(user: User) -> bool:
    """Staff see every job, and may do to it what their permissions say."""
    return user.is_staff and user.has_perm("jobs.view_job")


def may_see(user: User, job: Job, membership: Membership | None, banned: bool) -> bool:
    """Who sees the room sees its jobs; a job without a room is its requester's."""
    if runs_the_site(user):
        return True
    if job.room is not None:
        return rooms_policy.may_see(job.room, membership, banned)
    return job.requested_by_id == user.pk


def require_control(user: User, job: Job, membership: Membership | None) -> None:
    """Cancelling and retrying are for the requester, those who manage the room, and staff."""
    if (
        job.requested_by_id == user.pk
        or rooms_policy.may_manage(membership)
        or (user.is_staff and user.has_perm("jobs.change_job"))
    ):
        return
    raise Forbidden("Only its requester and the room's moderators may do this to a job.")
