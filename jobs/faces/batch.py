"""`POST /jobs/batch`: many submissions in one request. `api` adds `router` to its own."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from jobs import registry
from jobs.lifecycle import representations
from jobs.submitting import answers, batch
from jobs.submitting.insertion import ACCEPTED, SubmissionOutcome, Submitted
from jobs.submitting.submission import Submission, digest
from rooms.protocol import Refusal
from rooms.protocol.shapes import Given
from rooms.rest import problems
from rooms.rest.json import Renderer
from rooms.rest.requests import Request
from rooms.rest.schemas import Problem, Taken

from .schemas import JobOut, NewJob
from .submissions import KeyHeader, KeyText, key_of, submission_of, tell_share

router = Router(tags=["jobs"], by_alias=True)


class NewBatchJob(NewJob):
    idempotency_key: KeyText | None = Field(
        None, description="as the header of the same name, for this job alone"
    )


class NewBatch(Taken):
    mode: Literal["all", "each"] = Field(
        description="`all`: they are taken together or not at all; `each`: each for itself"
    )
    jobs: Annotated[list[NewBatchJob], Field(min_length=1, max_length=batch.MOST_JOBS)]


class BatchOutcome(Given):
    status: int = Field(description="what a request of its own had answered", examples=[ACCEPTED])
    job: JobOut | None = Field(None, description="of a job that was taken")
    problem: Problem | None = Field(None, description="of one that was refused")


class BatchOut(Given):
    outcomes: list[BatchOutcome] = Field(description="of each job, in their order")


@router.post("/jobs/batch", response={200: BatchOut, 404: Problem, 409: Problem, 429: Problem})
def submit_jobs(
    request: Request, jobs: NewBatch, idempotency_key: KeyHeader = None
) -> HttpResponse:
    """Hand much work to the workers at once: up to 1,000 jobs, in a body like any other. With
    `all` a refusal points at each fault, and no job was taken; with `each` every job has an outcome
    of its own."""
    key = key_of(idempotency_key)
    if not key:
        return _answer(_submit(request, jobs, ""))
    user = request.user
    known = answers.begin(user, key, _fingerprint(jobs))
    if known is not None:
        answers.require_to_see(user, _job_ids(known))
        return _answer(known.encode())
    try:
        body = _submit(request, jobs, key)
    except BaseException:
        answers.forget(user, key)
        raise
    answers.keep(user, key, 200, body.decode())
    return _answer(body)


def _submit(request: Request, jobs: NewBatch, key: str) -> bytes:
    wanted = [_submission(request, job, key, number) for number, job in enumerate(jobs.jobs)]
    outcomes: Sequence[SubmissionOutcome]
    if jobs.mode == "all":
        outcomes = batch.submit_all(wanted)
    else:
        outcomes = batch.submit_each(wanted)
    shares = [each.share for each in outcomes if isinstance(each, Submitted) and each.share]
    if shares:
        tell_share(request, shares[-1])
    return orjson.dumps({"outcomes": [_outcome(each) for each in outcomes]})


def _submission(request: Request, job: NewBatchJob, key: str, number: int) -> Submission:
    own = "" if job.idempotency_key is None else key_of(job.idempotency_key)
    if key and not own:
        own = answers.key_of_part(key, number)
    return submission_of(request.user, job, own)


def _outcome(outcome: SubmissionOutcome) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"status": outcome.status, "problem": problems.of(outcome)}
    return {"status": outcome.status, "job": outcome.shown or representations.job(outcome.job)}


def _answer(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type=Renderer.media_type)


def _fingerprint(jobs: NewBatch) -> str:
    kinds = [registry.find(job.kind) for job in jobs.jobs]
    has_secrets = any(kind is not None and kind.has_secret_params for kind in kinds)
    return digest(jobs.model_dump(mode="json"), has_secrets)


def _job_ids(body: str) -> list[UUID]:
    outcomes = orjson.loads(body)["outcomes"]
    return [UUID(each["job"]["id"]) for each in outcomes if "job" in each]
