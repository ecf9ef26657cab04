"""The socket commands of jobs. Registered when the app is ready; called by `rooms.live`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from jobs.kinds.chain import MOST_STAGES
from jobs.lifecycle import representations
from jobs.lifecycle.parts import MOST_PARTS
from jobs.models import NORMAL
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import User
from rooms.protocol import Command, Slug
from rooms.protocol.answers import Answer, Ok, RoomSlug
from rooms.protocol.commands import ClientId, WrittenUUID
from rooms.protocol.events import Durable, Ephemeral
from rooms.rest.schemas import Moment
from rooms.slices import SocketCommand

from .schemas import AnswerText, JobOut, Priority, ProgressOut
from .submissions import with_following

if TYPE_CHECKING:
    from rooms.live.delivery.connection import Connection

JobId = Annotated[
    WrittenUUID,
    Field(
        strict=False,
        description="the job's `id`",
        examples=["0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"],
    ),
]


QuestionId = Annotated[
    WrittenUUID,
    Field(
        strict=False,
        description="the question's `id`",
        examples=["0198f5a2-9a10-7c2e-8f5d-0c1b2a3d4e5f"],
    ),
]


class FollowingJob(BaseModel):
    """What is done after another job, or beside others that are."""

    model_config = ConfigDict(extra="ignore", strict=True)

    kind: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(
        examples=["room.export"]
    )
    params: dict[str, Any] = Field({}, description="as the kind declares", examples=[{}])


SideBySide = Annotated[list[FollowingJob], Field(min_length=1, max_length=MOST_PARTS)]
FollowingJobs = Annotated[
    list[FollowingJob | SideBySide],
    Field(
        max_length=MOST_STAGES - 1,
        description=(
            "what is done after it, one after the other, and side by side where a list stands;"
            " the job is a chain then, and these are its parts"
        ),
        examples=[[]],
    ),
]


class JobSubmit(Command):
    """Ask for work in a room. The same `client_id` again gets the same job."""

    room: Slug
    kind: Annotated[str, StringConstraints(max_length=80)] = Field(examples=["room.report"])
    params: dict[str, Any] = Field({}, description="as the kind declares", examples=[{"days": 7}])
    then: FollowingJobs = []
    go_on: bool = Field(False, description="`then` also after a job that has failed")
    priority: Priority = Field(NORMAL, description="0 runs first", examples=[NORMAL])
    run_at: Annotated[Moment, Field(strict=False)] | None = Field(
        None, description="not before this time; at once without it"
    )
    client_id: ClientId


class JobCancel(Command):
    """Stop a job, or never begin it."""

    job: JobId


class JobRetry(Command):
    """Begin a failed or cancelled job again."""

    job: JobId


class JobAnswer(Command):
    """Answer what a job asks. The first answer counts; the event brings it to everybody."""

    job: JobId
    question: QuestionId
    answer: AnswerText


class JobAccepted(Answer):
    """The job is stored, and will run. Also the answer to `send` with `/job`."""

    type: Literal["job.accepted"]
    job: JobOut


class JobChanged(Durable):
    """A job of the room is in another state."""

    type: Literal["job.changed"]
    job: JobOut


class JobProgress(Ephemeral):
    """A running job has come further."""

    type: Literal["job.progress"]
    room: RoomSlug
    job: JobId
    progress: ProgressOut
    attempt: int = Field(description="which attempt says so", examples=[1])


async def submit(connection: Connection, command: JobSubmit) -> dict[str, Any]:
    kind, params = with_following(command.kind, command.params, command.then, command.go_on)
    wanted = Submission(
        user=connection.user,
        kind=kind,
        params=params,
        room=command.room,
        priority=command.priority,
        run_at=command.run_at,
        key=str(command.client_id),
    )
    return await connection.in_thread(accepted, wanted)


def accepted(wanted: Submission) -> dict[str, Any]:
    """The answer to a submission. Also that of the slash command."""
    job, _ = actions.submit(wanted)
    return {"type": "job.accepted", "job": representations.job(job)}


async def cancel(connection: Connection, command: JobCancel) -> dict[str, Any]:
    return await connection.in_thread(_ok, actions.cancel, connection.user, command.job)


async def retry(connection: Connection, command: JobRetry) -> dict[str, Any]:
    return await connection.in_thread(_ok, actions.retry, connection.user, command.job)


async def answer(connection: Connection, command: JobAnswer) -> dict[str, Any]:
    given = (command.job, command.question, command.answer)
    return await connection.in_thread(_ok, actions.answer, connection.user, *given)


def _ok(action: Any, user: User, *given: Any) -> dict[str, Any]:
    action(user, *given)
    return {"type": "ok"}


COMMANDS = (
    SocketCommand("job.submit", JobSubmit, submit, JobAccepted),
    SocketCommand("job.cancel", JobCancel, cancel, Ok),
    SocketCommand("job.retry", JobRetry, retry, Ok),
    SocketCommand("job.answer", JobAnswer, answer, Ok),
)
EVENTS = (JobChanged, JobProgress)
