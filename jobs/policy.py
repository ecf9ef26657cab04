"""Who may do what with a job: the rules that jobs add to the table of `rooms.core.policy`.

A job that the caller may not see does not exist. `JobQuerySet.visible_to` is `see` as a query.
"""

from rooms.core import policy, rules
from rooms.core.policy import Action, Cases, Facts
from rooms.models import User
from rooms.protocol import Forbidden, NotFound, Refusal

SEE, CHANGE = "jobs.view_job", "jobs.change_job"


def runs_the_site(user: User) -> bool:
    """Staff see every job, and may do to it what their permissions say."""
    return user.is_staff and user.has_perm(SEE)


def submit(facts: Facts) -> Refusal | None:
    """Working in a room is speaking there; work in no room is for everybody."""
    return rules.post(facts) if facts.room is not None else None


def see(facts: Facts) -> Refusal | None:
    """Who sees the room sees its jobs; a job without a room is its requester's."""
    if SEE in facts.permissions:
        return None
    seen = facts.own if facts.room is None else policy.allows("room.see", facts)
    return None if seen else NotFound("There is no such job, or you may not see it.")


def control(facts: Facts) -> Refusal | None:
    """Cancelling is for the requester, those who manage the room, and staff."""
    if (hidden := see(facts)) is not None:
        return hidden
    if facts.own or facts.role in rules.MANAGERS or CHANGE in facts.permissions:
        return None
    return Forbidden("Only its requester and the room's moderators may do this to a job.")


def retry(facts: Facts) -> Refusal | None:
    """As for cancelling; and what comes of it is said in the room again."""
    refused = control(facts)
    if refused is None and facts.room is not None and facts.room.archived_at is not None:
        return Forbidden(f"{facts.room.name} is archived: no job runs there.", "archived")
    return refused


JOBS: Cases = {
    "one's own": {"own": True},
    "somebody else's": {},
    "somebody else's, as staff who may view jobs": {"permissions": (SEE,)},
    "somebody else's, as staff who may change jobs": {"permissions": (SEE, CHANGE)},
    "one's own in no room": {"own": True, "room": None, "role": None},
    "somebody else's in no room": {"room": None, "role": None},
}


ACTIONS = [
    Action(
        "job.submit", "have a job done", submit, {"in the room": {}, "in no room": {"room": None}}
    ),
    Action("job.see", "see a job", see, JOBS),
    Action("job.cancel", "cancel a job", control, JOBS),
    Action("job.retry", "begin a job again", retry, JOBS),
]
