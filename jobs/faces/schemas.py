"""What the REST API of jobs takes and gives, as types. `representations` makes what it gives."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from jobs.kinds.chain import MOST_STAGES
from jobs.lifecycle.asking import ANSWER_CHARACTERS
from jobs.lifecycle.parts import MOST_PARTS
from jobs.models import IDLE, NORMAL, URGENT, JobQuestion, Outcome, State, Step, Who
from rooms.protocol.commands import whole
from rooms.protocol.shapes import AttachmentOut, Given, Person, Timestamp
from rooms.rest.schemas import BodyId, Moment, Next, SlugText, Taken, Text

Priority = Annotated[int, Field(ge=URGENT, le=IDLE), BeforeValidator(whole)]
AnswerText = Annotated[
    Text,
    StringConstraints(min_length=1, max_length=ANSWER_CHARACTERS),
    Field(description="one of the question's choices, or any text", examples=["Yes"]),
]
KindName = Annotated[Text, StringConstraints(max_length=80)]


class ErrorOut(Given):
    class_: str = Field(alias="class", examples=["ValueError"])
    message: str = Field(examples=["There is no such day."])


class ProgressOut(Given):
    current: float = Field(examples=[3])
    total: float | None = Field(examples=[7])
    text: str = Field(examples=["days"])


class StepOut(Given):
    name: str = Field(examples=["count"])
    state: Literal[tuple(Step.State.values)]  # type: ignore[valid-type]
    result: Any
    error: ErrorOut | None


class QuestionOut(Given):
    id: UUID = Field(examples=["0198f5a2-9a10-7c2e-8f5d-0c1b2a3d4e5f"])
    name: str = Field(description="the kind's own", examples=["approval"])
    text: str = Field(examples=["Send 1,200 invitations?"])
    choices: list[str] = Field(description="none: any text answers", examples=[["Yes", "No"]])
    who: Literal[tuple(Who.values)] = Field(  # type: ignore[valid-type]
        description="whose answer counts", examples=["moderators"]
    )
    state: Literal[tuple(JobQuestion.State.values)]  # type: ignore[valid-type]
    asked_at: Timestamp
    expires_at: Timestamp = Field(description="then the job goes on without an answer")
    answer: str | None = Field(examples=["Yes"])
    answered_by: Person | None
    answered_at: Timestamp | None


class PartOut(Given):
    id: UUID
    kind: str = Field(examples=["room.export"])
    title: str = Field(examples=["Export"])
    state: Literal[tuple(State.values)]  # type: ignore[valid-type]
    summary: str | None = Field(description="of its result", examples=["1,204 messages"])
    error: ErrorOut | None = Field(examples=[None])


class JobOut(Given):
    id: UUID = Field(examples=["0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"])
    kind: str = Field(examples=["room.report"])
    title: str = Field(examples=["Report"])
    state: Literal[tuple(State.values)]  # type: ignore[valid-type]
    room: str | None = Field(description="the room's slug", examples=["lobby"])
    seq: int | None = Field(description="where it stands in the room's log", examples=[43])
    queue: str = Field(examples=["default"])
    priority: int = Field(description="0 runs first, 9 last", examples=[NORMAL])
    params: dict[str, Any] = Field(examples=[{"days": 7}])
    requested_by: Person | None
    created_at: Timestamp
    run_at: Timestamp | None = Field(description="when it was asked to run")
    started_at: Timestamp | None = Field(description="of the latest attempt")
    finished_at: Timestamp | None
    attempt: int = Field(description="how many were begun", examples=[0])
    max_attempts: int = Field(examples=[3])
    retry_at: Timestamp | None
    progress: ProgressOut | None = Field(examples=[None])
    result: dict[str, Any] | None = Field(
        description="at least a `summary` in one line", examples=[None]
    )
    error: ErrorOut | None = Field(examples=[None])
    cancel_requested: bool = Field(examples=[False])
    cancelled_by: Person | None = Field(description="who asked for it", examples=[None])
    attachments: list[AttachmentOut] = Field(examples=[[]])
    steps: list[StepOut] = Field(examples=[[]])
    questions: list[QuestionOut] = Field(
        description="what it has asked; while one is `open` the job is `waiting`", examples=[[]]
    )
    parent: UUID | None = Field(description="the job that it is a part of", examples=[None])
    parts: list[PartOut] = Field(
        description="jobs of their own that it waits for; as they were when this was told",
        examples=[[]],
    )


class AttemptOut(Given):
    number: int
    worker: str
    started_at: Timestamp
    ended_at: Timestamp | None
    outcome: Literal[tuple(Outcome.values)] | None  # type: ignore[valid-type]
    error_class: str | None
    message: str | None
    traceback: str | None = Field(None, description="for staff")
    log: str | None = Field(None, description="for staff")


class JobDetail(JobOut):
    attempts: list[AttemptOut]
    ahead: int | None = Field(
        description="how many jobs of its queue are before it while it waits; 101 for any more",
        examples=[3],
    )
    held: Literal["paused", "at_once"] | None = Field(
        description=(
            "why it waits even if a worker is free: its queue or its kind is paused, or as many"
            " like it as may run at once do, or are before it"
        ),
        examples=[None],
    )


class JobPage(Given):
    jobs: list[JobOut] = Field(description="newest first")
    next: Next


class NewPart(Taken):
    kind: KindName
    params: dict[str, Any] = {}


# Of a chain: one job, or some side by side.
Following = NewPart | Annotated[list[NewPart], Field(min_length=1, max_length=MOST_PARTS)]
Then = Annotated[
    list[Following],
    Field(
        max_length=MOST_STAGES - 1,
        description=(
            "what is done after it, one after the other, and side by side where a list stands;"
            " the job is a chain then, and these are its parts"
        ),
        examples=[[{"kind": "room.export", "params": {}}]],
    ),
]
GoOn = Annotated[bool, Field(strict=True, description="`then` also after a job that has failed")]


class NewJob(Taken):
    kind: KindName
    params: dict[str, Any] = {}
    then: Then = []
    go_on: GoOn = False
    room: SlugText | None = Field(None, description="where its progress and result are shown")
    webhook: BodyId | None = Field(None, description="one of your own, which is told of the end")
    priority: Annotated[Priority, Field(strict=True, description="0 runs first")] = NORMAL
    run_at: Moment | None = None


class NewAnswer(Taken):
    question: UUID = Field(description="the question's `id`")
    answer: AnswerText


class KindLimits(Given):
    max_attempts: int
    soft_time_limit: float = Field(description="seconds; then it is asked to stop")
    hard_time_limit: float = Field(description="seconds; then it is stopped")
    at_once: int | None = Field(description="how many with the same key run at once")
    unique_within: float | None = Field(
        description="seconds in which the same again is the job that is there"
    )


class KindOut(Given):
    name: str
    title: str
    description: str
    queue: str
    needs_room: bool
    params_schema: dict[str, Any] = Field(description="JSON Schema of `params`")
    limits: KindLimits


class KindList(Given):
    kinds: list[KindOut]
