"""REST of jobs: submit, list, look, answer, cancel, retry. `config.api` puts `router` under
/api/v1/.

Operations are synchronous: they run in a thread each, where transactions work.
"""

import math
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router

from jobs import overview, policy, registry
from jobs.lifecycle import holding, representations
from jobs.limits import job_limits
from jobs.models import Job, State
from jobs.submitting import actions
from jobs.submitting.admission import Share
from rooms.core.lookup import find_room
from rooms.models import User
from rooms.protocol import Id, RateLimited
from rooms.rest.json import Renderer
from rooms.rest.requests import Limit, PageCursor, Request
from rooms.rest.schemas import Moment, Problem, SlugText

from . import batch, newest_first, pauses, schedules, status, visible_jobs, webhooks
from .prefer_wait import PreferHeader, wait_for_end
from .schemas import JobDetail, JobOut, JobPage, KindList, KindName, NewAnswer, NewJob
from .submissions import KeyHeader, key_of, submission_of, tell_share

# By alias: a field may be called as no name in Python can be, `class`.
router = Router(tags=["jobs"], by_alias=True)
router.add_router("", batch.router)
router.add_router("", schedules.router)
router.add_router("", pauses.router)
router.add_router("", status.router)
router.add_router("", webhooks.router)

LONGEST_POLL_SECONDS = 60
# For an answer of somebody who has to think.
PEOPLE_POLL_SECONDS = 5


@router.get("/job-kinds", response=KindList)
def list_job_kinds(request: Request) -> dict[str, Any]:
    """What can be submitted, with a JSON Schema of each kind's params."""
    return {"kinds": [representations.kind(kind) for kind in registry.offered()]}


@router.post("/jobs", response={200: JobOut, 202: JobOut, 409: Problem, 429: Problem, 404: Problem})
def submit_job(
    request: Request,
    job: NewJob,
    idempotency_key: KeyHeader = None,
    prefer: PreferHeader = None,
) -> HttpResponse:
    """Hand work to the workers. Look at `Location` for what becomes of it. 200: the same is not
    done twice within a time (`unique_within` of the kind), and this is the job that is there."""
    wanted = submission_of(request.user, job, key_of(idempotency_key))
    try:
        done = actions.submit_for_answer(wanted)
    except RateLimited as refusal:
        tell_share(
            request, Share(job_limits().jobs_in_flight_per_user, 0, refusal.retry_after or 1.0)
        )
        raise
    if done.share is not None:
        tell_share(request, done.share)
    # Not validated again: it is what the room was told.
    body = done.answer or orjson.dumps(done.shown or representations.job(done.job))
    answer = HttpResponse(body, status=done.status, content_type=Renderer.media_type)
    answer["Location"] = reverse("api:get_job", args=[done.job.pk])
    wait_for_end(request, prefer, done.job.pk, partial(_end_of, request.user, done.job.pk))
    return answer


def _end_of(user: User, job_id: UUID, detailed: bool = False) -> tuple[bytes, bool]:
    """What a request that has waited is told, and whether the job has ended. Raises NotFound."""
    job, _ = actions.find(user, job_id)
    if detailed:
        # As Ninja makes it of what `get_job` returns.
        shape = JobDetail.model_validate(_detail(user, job))
        return shape.model_dump_json(by_alias=True).encode(), job.finished
    return orjson.dumps(representations.job(job)), job.finished


@router.get("/jobs", response=JobPage)
def list_jobs(
    request: Request,
    state: Annotated[list[State], Query(description="any of these")] = [],  # noqa: B006
    kind: KindName | None = None,
    room: SlugText | None = None,
    requested_by: Annotated[Id | None, Query(description="a user's id")] = None,
    after: Annotated[Moment | None, Query(description="created at this time or later")] = None,
    before: Annotated[Moment | None, Query(description="created before this time")] = None,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """The jobs that you may see, newest first."""
    found = find_room(request.user, room)[0] if room is not None else None
    wanted = newest_first.after(cursor)
    if kind is not None:
        wanted &= Q(kind=kind)
    if after is not None:
        wanted &= Q(created_at__gte=after)
    if before is not None:
        wanted &= Q(created_at__lt=before)
    jobs = visible_jobs.newest(request.user, found, state, requested_by, wanted, limit + 1)
    rows, following = newest_first.page(request, jobs, limit)
    return {"jobs": [representations.job(row) for row in rows], "next": following}


@router.get("/jobs/{uuid:job_id}", response=JobDetail, url_name="get_job")
def get_job(
    request: Request, job_id: UUID, response: HttpResponse, prefer: PreferHeader = None
) -> dict[str, Any]:
    """One job with its attempts. While it has not ended, `Retry-After` says when to look again."""
    job, _ = actions.find(request.user, job_id)
    if not job.finished:
        response["Retry-After"] = str(_look_again_in(job))
        wait_for_end(request, prefer, job_id, partial(_end_of, request.user, job_id, True))
    return _detail(request.user, job)


def _detail(user: User, job: Job) -> dict[str, Any]:
    staff = policy.runs_the_site(user)
    attempts = [representations.attempt(row, staff) for row in job.attempts.all()]
    return {
        **representations.job(job),
        "attempts": attempts,
        "ahead": overview.ahead_of(job),
        "held": holding.why(job),
    }


def _look_again_in(job: Job) -> int:
    if job.state == State.WAITING:
        return PEOPLE_POLL_SECONDS
    if job.due_at is None:
        return 1
    seconds = math.ceil((job.due_at - timezone.now()).total_seconds())
    return max(1, min(LONGEST_POLL_SECONDS, seconds))


@router.post("/jobs/{uuid:job_id}/cancel", response=JobOut)
def cancel_job(request: Request, job_id: UUID) -> dict[str, Any]:
    """A waiting job ends at once, a running one is asked to stop, an ended one stays as it is."""
    return representations.job(actions.cancel(request.user, job_id))


@router.post("/jobs/{uuid:job_id}/answer", response={200: JobOut, 409: Problem})
def answer_job(request: Request, job_id: UUID, given: NewAnswer) -> dict[str, Any]:
    """Answer what a job asks: it goes on. The first answer counts, another one is 409."""
    job = actions.answer(request.user, job_id, given.question, given.answer)
    return representations.job(job)


@router.post("/jobs/{uuid:job_id}/retry", response={200: JobOut, 409: Problem, 429: Problem})
def retry_job(request: Request, job_id: UUID) -> dict[str, Any]:
    """Give a failed or cancelled job as many attempts again. 409 for any other."""
    return representations.job(actions.retry(request.user, job_id))
