"""All that jobs add to rooms. Registered when the app is ready."""

from rooms.protocol.scopes import Scope
from rooms.slices import Slice

from . import policy
from .faces import (
    answer_slash,
    page,
    remind,
    schedule_shapes,
    schedule_slash,
    slash,
    socket,
    terminal,
)
from .lifecycle.message import MESSAGE_KIND, PART
from .loops import pruning

_titles = terminal.Titles()

SLICE = Slice(
    name="jobs",
    actions=policy.ACTIONS,
    commands=socket.COMMANDS,
    events=[*socket.EVENTS, *schedule_shapes.EVENTS],
    slash=[slash.JOB, schedule_slash.SCHEDULE, remind.REMIND, answer_slash.ANSWER],
    rest="jobs.faces.api.router",
    message_kinds=[MESSAGE_KIND],
    message_parts=[PART],
    room_state=page.room_state,
    styles=["jobs/jobs.css"],
    modules=["jobs/main.js"],
    templates=["jobs/card.html", "jobs/schedules.html"],
    lines={
        "job.changed": terminal.changed,
        "schedule.changed": terminal.schedule_changed,
        "schedule.deleted": terminal.schedule_deleted,
    },
    command_scopes={"job": Scope.JOBS},
    # Whatever of `/jobs`, `/job-…`, `/schedules` or `/webhooks` changes something.
    operation_scopes={r"\w+ (job|schedule|webhook).*": Scope.JOBS},
    housekeeping={
        "workers": pruning.ended_workers,
        "answers": pruning.kept_answers,
        "pauses": pruning.ended_pauses,
        "jobs": pruning.finished_jobs,
    },
    running={"job.changed": _titles.changed, "job.progress": _titles.progressed},
)
