"""REST of pauses: what is paused, pause a queue or kind, resume it. For staff. A part of `api`."""

from typing import Annotated, Any, Literal

from ninja import Path, Query, Router, Status
from pydantic import Field, StringConstraints

from jobs import policy
from jobs.models import Pause
from jobs.submitting import pauses
from rooms.core.representations import person, timestamp
from rooms.protocol import Forbidden, Id
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, Request, page_of
from rooms.rest.schemas import Next, Problem, Taken, Text

router = Router(tags=["jobs"])
# A test holds it to the choices of the model.
Target = Literal["queue", "kind"]
PauseId = Annotated[Id, Path(description="the pause's `id`")]


class PauseOut(Given):
    id: int = Field(examples=[3])
    target: Target = Field(examples=["kind"])
    name: str = Field(description="of the queue or the kind", examples=["room.export"])
    reason: str = Field(examples=["the disk is full"])
    paused_at: Timestamp
    paused_by: Person | None
    resumed_at: Timestamp | None = Field(description="null while it is paused")
    resumed_by: Person | None


class PausePage(Given):
    pauses: list[PauseOut]
    next: Next


class NewPause(Taken):
    target: Target
    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = Field(
        examples=["room.export"]
    )
    reason: Annotated[Text, StringConstraints(max_length=pauses.MOST_REASON_CHARACTERS)] = ""


def pause(row: Pause) -> dict[str, Any]:
    return {
        "id": row.pk,
        "target": str(row.target),
        "name": row.name,
        "reason": row.reason,
        "paused_at": timestamp(row.paused_at),
        "paused_by": person(row.paused_by),
        "resumed_at": timestamp(row.resumed_at) if row.resumed_at else None,
        "resumed_by": person(row.resumed_by),
    }


@router.get("/job-pauses", response={200: PausePage, 403: Problem})
def list_job_pauses(
    request: Request,
    ended: Annotated[bool, Query(description="those that are over instead")] = False,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """What is paused now, in the order in which it was, for staff who may view jobs."""
    if not policy.runs_the_site(request.user):
        raise Forbidden("This is for staff who may view jobs.")
    rows = Pause.objects.filter(resumed_at__isnull=not ended)
    page, more = page_of(rows.select_related("paused_by", "resumed_by"), limit, cursor)
    asked: dict[str, str | int] = {"limit": limit, "ended": str(ended).lower()}
    following = {**asked, "cursor": paging.cursor(page[-1].pk)} if more else None
    return {
        "pauses": [pause(row) for row in page],
        "next": paging.link(request, **following) if following else None,
    }


@router.post("/job-pauses", response={201: PauseOut, 403: Problem, 409: Problem})
def pause_jobs(request: Request, wanted: NewPause) -> Status[Any]:
    """Nothing of this queue or kind is begun from now on. What runs goes on, and what is submitted
    is taken and waits. 409: it is paused already."""
    row = pauses.pause(request.user, wanted.target, wanted.name, wanted.reason)
    return Status(201, pause(row))


@router.post("/job-pauses/{pause_id}/resume", response={200: PauseOut, 403: Problem})
def resume_jobs(request: Request, pause_id: PauseId) -> Status[Any]:
    """What waited goes on at once. A pause that is over stays as it is."""
    return Status(200, pause(pauses.resume(request.user, pause_id)))
