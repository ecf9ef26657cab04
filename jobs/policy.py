"""Who may do what with a job and a schedule: the rules that jobs add to `rooms.core.policy`.

What the caller may not see does not exist. `JobQuerySet.visible_to` is `see` as a query, and
`ScheduleQuerySet.visible_to` is `see_schedule`.
"""

from jobs.models import JobQuestion, Who
from rooms.core import policy, rules
from rooms.core.policy import Action, Cases, Facts
from rooms.models import User
from rooms.protocol import Forbidden, NotFound, Refusal

SEE, CHANGE, DELETE = "jobs.view_job", "jobs.change_job", "jobs.delete_job"
PAUSE = "jobs.change_pause"
SEE_SCHEDULE, CHANGE_SCHEDULE = "jobs.view_schedule", "jobs.change_schedule"
CHANGE_WEBHOOK = "jobs.change_webhook"


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


def answer_as_requester(facts: Facts) -> Refusal | None:
    """What a job asks its requester, nobody answers for them."""
    return _answer(facts, facts.own, "its requester")


def answer_as_member(facts: Facts) -> Refusal | None:
    return _answer(facts, facts.role is not None, "members of the room")


def answer_as_moderator(facts: Facts) -> Refusal | None:
    return _answer(facts, facts.role in rules.MANAGERS, "the room's moderators")


def _answer(facts: Facts, may: bool, who: str) -> Refusal | None:
    """An answer is somebody's word in the room. Staff have none there by being staff."""
    if (hidden := see(facts)) is not None:
        return hidden
    if not may:
        return Forbidden(f"Only {who} may answer this.")
    if facts.room is not None and facts.room.archived_at is not None:
        return Forbidden(f"{facts.room.name} is archived: no job runs there.", "archived")
    return rules.unmuted(facts) if facts.room is not None else None


def answer_action(question: JobQuestion) -> str:
    """The name of the action that answering it is."""
    return ANSWERS[Who(question.who)]


def retry(facts: Facts) -> Refusal | None:
    """As for cancelling; and what comes of it is said in the room again."""
    refused = control(facts)
    if refused is None and facts.room is not None and facts.room.archived_at is not None:
        return Forbidden(f"{facts.room.name} is archived: no job runs there.", "archived")
    if refused is None and facts.room is not None:
        return rules.unmuted(facts)
    return refused


def change_many(facts: Facts) -> Refusal | None:
    """Whoever may do it to any job of the site may do it to all that match."""
    if SEE in facts.permissions and CHANGE in facts.permissions:
        return None
    return Forbidden("Only staff who may change jobs may change many at once.")


def pause(facts: Facts) -> Refusal | None:
    """Everybody's jobs wait then, so it is for those who run the site."""
    if SEE in facts.permissions and PAUSE in facts.permissions:
        return None
    return Forbidden("Only staff who may change pauses may pause and resume.")


def delete_many(facts: Facts) -> Refusal | None:
    """Nobody else deletes a job before its time."""
    if SEE in facts.permissions and DELETE in facts.permissions:
        return None
    return Forbidden("Only staff who may delete jobs may delete them.")


def see_schedule(facts: Facts) -> Refusal | None:
    """As for jobs."""
    if SEE_SCHEDULE in facts.permissions:
        return None
    seen = facts.own if facts.room is None else policy.allows("room.see", facts)
    return None if seen else NotFound("There is no such schedule, or you may not see it.")


def control_schedule(facts: Facts) -> Refusal | None:
    """Whoever may end its jobs may keep them from coming."""
    if (hidden := see_schedule(facts)) is not None:
        return hidden
    if facts.own or facts.role in rules.MANAGERS or CHANGE_SCHEDULE in facts.permissions:
        return None
    return Forbidden("Only its owner and the room's moderators may do this to a schedule.")


def change_schedule(facts: Facts) -> Refusal | None:
    """When it comes is for its owner, in whose name it comes, and for staff."""
    if (hidden := see_schedule(facts)) is not None:
        return hidden
    if facts.own or CHANGE_SCHEDULE in facts.permissions:
        return None
    return Forbidden("Only its owner may change a schedule.")


def change_params(facts: Facts) -> Refusal | None:
    """What is done in somebody's name, nobody else says."""
    if (hidden := see_schedule(facts)) is not None:
        return hidden
    return None if facts.own else Forbidden("Only its owner may say what a schedule does.")


def run_schedule(facts: Facts) -> Refusal | None:
    """It is a job of who asks, so they must be able to submit one there."""
    refused = control_schedule(facts)
    return submit(facts) if refused is None else refused


def webhook_of_site(facts: Facts) -> Refusal | None:
    """It hears of every room."""
    if CHANGE_WEBHOOK in facts.permissions:
        return None
    return Forbidden("Only staff who may change webhooks have one for all jobs of the site.")


def webhook_of_room(facts: Facts) -> Refusal | None:
    """What is done in the room leaves it by this."""
    if CHANGE_WEBHOOK in facts.permissions:
        return None
    if (hidden := rules.see(facts)) is not None:
        return hidden
    if facts.role in rules.MANAGERS:
        return None
    return Forbidden("Only the room's moderators may give it a webhook.")


def webhook_of_own(facts: Facts) -> Refusal | None:
    """Of one's own jobs one may tell whom one likes."""
    return None


def deliver(facts: Facts) -> Refusal | None:
    """Only the end of a job has something delivered."""
    return Forbidden("Nobody submits deliveries of webhooks.")


def call_task(facts: Facts) -> Refusal | None:
    """Which function is called is for code alone to say."""
    return Forbidden("Tasks are enqueued by code.")


ANSWERS = {
    Who.REQUESTER: "job.answer_as_requester",
    Who.MEMBERS: "job.answer_as_member",
    Who.MODERATORS: "job.answer_as_moderator",
}

JOBS: Cases = {
    "one's own": {"own": True},
    "somebody else's": {},
    "somebody else's, as staff who may view jobs": {"permissions": (SEE,)},
    "somebody else's, as staff who may change jobs": {"permissions": (SEE, CHANGE)},
    "one's own in no room": {"own": True, "room": None, "role": None},
    "somebody else's in no room": {"room": None, "role": None},
}

MANY: Cases = {
    "in no room": {},
    "as staff who may view jobs": {"permissions": (SEE,)},
    "as staff who may change jobs": {"permissions": (SEE, CHANGE)},
    "as staff who may change and delete jobs": {"permissions": (SEE, CHANGE, DELETE)},
}

WEBHOOKS: Cases = {
    "of a room": {},
    "of a room, as staff who may change webhooks": {"permissions": (CHANGE_WEBHOOK,)},
}

SITE: Cases = {
    "in no room": {},
    "as staff who may change webhooks": {"permissions": (CHANGE_WEBHOOK,)},
}

SCHEDULES: Cases = {
    "one's own": {"own": True},
    "somebody else's": {},
    "somebody else's, as staff who may view schedules": {"permissions": (SEE_SCHEDULE,)},
    "somebody else's, as staff who may change schedules": {
        "permissions": (SEE_SCHEDULE, CHANGE_SCHEDULE)
    },
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
    Action("job.change_many", "cancel, retry or queue all jobs that match", change_many, MANY),
    Action(
        "job.pause",
        "pause and resume a queue or a kind",
        pause,
        {
            "in no room": {},
            "as staff who may view jobs": {"permissions": (SEE,)},
            "as staff who may change pauses": {"permissions": (SEE, PAUSE)},
        },
    ),
    Action("job.delete_many", "delete all ended jobs that match", delete_many, MANY),
    Action(
        "job.answer_as_requester", "answer what a job asks its requester", answer_as_requester, JOBS
    ),
    Action("job.answer_as_member", "answer what a job asks the members", answer_as_member, JOBS),
    Action(
        "job.answer_as_moderator",
        "answer what a job asks the moderators",
        answer_as_moderator,
        JOBS,
    ),
    Action(
        "schedule.make",
        "have a job done again and again",
        submit,
        {"in the room": {}, "in no room": {"room": None}},
    ),
    Action("schedule.see", "see a schedule", see_schedule, SCHEDULES),
    Action("schedule.control", "pause, resume or delete a schedule", control_schedule, SCHEDULES),
    Action("schedule.change", "change when a schedule comes", change_schedule, SCHEDULES),
    Action("schedule.params", "change what a schedule does", change_params, SCHEDULES),
    Action("webhook.room", "have the ends of a room's jobs sent out", webhook_of_room, WEBHOOKS),
    Action("webhook.site", "have the ends of all jobs sent out", webhook_of_site, SITE),
    Action("webhook.own", "have the ends of one's own jobs sent out", webhook_of_own, SITE),
    Action("webhook.deliver", "submit a delivery", deliver, SITE),
    Action("job.task", "submit a call of a Django task", call_task, SITE),
    Action("schedule.run", "have a schedule's job done now", run_schedule, SCHEDULES),
]
