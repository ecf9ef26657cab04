"""Schedules as types: what REST takes and gives, and what a room is told. Made by
`scheduling.representations`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from jobs.models import NORMAL
from jobs.scheduling.actions import LONGEST_TITLE
from jobs.scheduling.times import LONGEST_CRON, LONGEST_INTERVAL
from rooms.protocol.commands import whole
from rooms.protocol.events import Durable
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Next, SlugText, Taken, Text

from .schemas import KindName, Priority

# A test holds it to the choices of the model.
CatchUpRule = Literal["skip", "once", "all"]
RULES = (
    "of times that the site or its workers were away: `skip` leaves them out, `once` runs one job"
    " for all, `all` one for each"
)
Cron = Annotated[
    Text,
    Field(
        max_length=LONGEST_CRON,
        description="minute, hour, day of the month, month, weekday",
        examples=["0 9 * * mon-fri"],
    ),
]
Every = Annotated[
    int,
    Field(
        ge=1,
        le=int(LONGEST_INTERVAL.total_seconds()),
        strict=True,
        description="seconds, in place of `cron`",
        examples=[None],
    ),
    BeforeValidator(whole),
]
Zone = Annotated[
    Text, Field(max_length=64, description="of `cron` (IANA)", examples=["Europe/Zurich"])
]
Title = Annotated[Text, Field(max_length=LONGEST_TITLE)]


class ScheduleOut(Given):
    id: int = Field(examples=[12])
    title: str = Field(examples=["Room report"])
    kind: str = Field(description="of the jobs that it submits", examples=["room.report"])
    params: dict[str, Any] = Field(examples=[{"days": 7}])
    room: str | None = Field(description="the room's slug", examples=["lobby"])
    owner: Person | None = Field(description="in whose name its jobs are submitted")
    priority: int = Field(examples=[NORMAL])
    cron: str | None = Field(examples=["0 9 * * mon-fri"])
    every: int | None = Field(description="seconds, in place of `cron`", examples=[None])
    time_zone: str = Field(examples=["Europe/Zurich"])
    words: str = Field(
        description="when, for people",
        examples=["At 09:00 on Monday through Friday (Europe/Zurich)"],
    )
    catch_up: CatchUpRule = Field(description=RULES, examples=["once"])
    paused: bool = Field(examples=[False])
    pause_reason: str | None = Field(
        description="who paused it, or why it was paused by itself", examples=[None]
    )
    created_at: Timestamp
    next_run_at: Timestamp | None = Field(description="null while it is paused")
    last_run_at: Timestamp | None
    last_job: UUID | None = Field(
        description="the job's `id`; it may be kept no longer",
        examples=["0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"],
    )


class SchedulePage(Given):
    schedules: list[ScheduleOut]
    next: Next


class ScheduleIn(Taken):
    """Either `cron` or `every` says when."""

    kind: KindName
    params: dict[str, Any] = {}
    room: SlugText | None = Field(None, description="where its jobs are shown")
    cron: Cron | None = None
    every: Every | None = None
    time_zone: Zone | None = Field(None, description="the site's, unless it is said")
    title: Title | None = Field(None, description="the kind's, unless it is said")
    catch_up: Annotated[CatchUpRule, Field(description=RULES)] = "once"
    priority: Annotated[Priority, Field(strict=True, description="0 runs first")] = NORMAL


class ScheduleChange(Taken):
    """What is missing, or null, stays as it is. `cron` takes the place of `every` and `every` that
    of `cron`."""

    params: dict[str, Any] | None = None
    cron: Cron | None = None
    every: Every | None = None
    time_zone: Zone | None = None
    title: Title | None = None
    catch_up: CatchUpRule | None = None
    priority: Annotated[Priority, Field(strict=True)] | None = None
    paused: Annotated[bool, Field(strict=True)] | None = Field(
        None,
        description="false goes on from now: what would have been meanwhile is not made up for",
    )


class DeletedSchedule(Given):
    id: int = Field(examples=[12])


class ScheduleChanged(Durable):
    """A schedule of the room was made or changed, or a job came of it."""

    type: Literal["schedule.changed"]
    schedule: ScheduleOut


class ScheduleDeleted(Durable):
    """A schedule of the room is no more."""

    type: Literal["schedule.deleted"]
    schedule: DeletedSchedule


EVENTS = (ScheduleChanged, ScheduleDeleted)
