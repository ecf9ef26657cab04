"""REST of schedules: list, make, look, change (pause, resume), run now, delete. A part of `api`."""

from typing import Annotated, Any

from django.http import HttpResponse
from django.urls import reverse
from ninja import Path, Router, Status

from jobs.lifecycle.representations import job as job_json
from jobs.models import Schedule
from jobs.scheduling import actions
from jobs.scheduling.actions import NewSchedule
from jobs.scheduling.representations import schedule as schedule_json
from rooms.core.lookup import find_room
from rooms.protocol import Id
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, Request, page_of
from rooms.rest.schemas import Problem, SlugText

from .schedule_shapes import ScheduleChange, ScheduleIn, ScheduleOut, SchedulePage
from .schemas import JobOut

router = Router(tags=["schedules"])
ScheduleId = Annotated[Id, Path(description="the schedule's `id`")]


@router.get("/schedules", response=SchedulePage)
def list_schedules(
    request: Request,
    room: SlugText | None = None,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """The schedules that you may see, in the order in which they were made."""
    rows = Schedule.objects.visible_to(request.user).with_relations()
    asked: dict[str, str | int] = {"limit": limit}
    if room is not None:
        rows = rows.filter(room=find_room(request.user, room)[0])
        asked["room"] = room
    page, more = page_of(rows, limit, cursor)
    following = {**asked, "cursor": paging.cursor(page[-1].pk)} if more else None
    return {
        "schedules": [schedule_json(row) for row in page],
        "next": paging.link(request, **following) if following else None,
    }


@router.post("/schedules", response={201: ScheduleOut, 409: Problem})
def make_schedule(request: Request, schedule: ScheduleIn, response: HttpResponse) -> Status[Any]:
    """Have a job submitted again and again, in your name. 409: you, or the room, have as many as
    there may be."""
    wanted = NewSchedule(
        kind=schedule.kind,
        params=schedule.params,
        room=schedule.room,
        cron=schedule.cron or "",
        every=schedule.every,
        time_zone=schedule.time_zone or "",
        title=schedule.title or "",
        catch_up=schedule.catch_up,
        priority=schedule.priority,
    )
    row = actions.make(request.user, wanted)
    response["Location"] = reverse("api:get_schedule", args=[row.pk])
    return Status(201, schedule_json(row))


@router.get("/schedules/{schedule_id}", response=ScheduleOut, url_name="get_schedule")
def get_schedule(request: Request, schedule_id: ScheduleId) -> dict[str, Any]:
    """One schedule. Its jobs are those of its kind, room and owner."""
    return schedule_json(actions.find(request.user, schedule_id)[0])


@router.patch("/schedules/{schedule_id}", response={200: ScheduleOut, 409: Problem})
def change_schedule(
    request: Request, schedule_id: ScheduleId, change: ScheduleChange
) -> Status[Any]:
    """Pausing and resuming is for its owner, the room's moderators and staff; when it comes is for
    its owner and staff, what it does for its owner."""
    changes = {name: value for name, value in change.model_dump().items() if value is not None}
    return Status(200, schedule_json(actions.change(request.user, schedule_id, changes)))


@router.delete("/schedules/{schedule_id}", response={204: None})
def delete_schedule(request: Request, schedule_id: ScheduleId) -> Status[None]:
    """The jobs that came of it stay."""
    actions.delete(request.user, schedule_id)
    return Status(204, None)


@router.post(
    "/schedules/{schedule_id}/run",
    response={202: JobOut, 409: Problem, 429: Problem},
    by_alias=True,
)
def run_schedule(request: Request, schedule_id: ScheduleId, response: HttpResponse) -> Status[Any]:
    """A job of it now, in your name. Its times stay as they are."""
    job = actions.run_now(request.user, schedule_id)
    response["Location"] = reverse("api:get_job", args=[job.pk])
    return Status(202, job_json(job))
