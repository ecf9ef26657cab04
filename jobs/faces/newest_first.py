"""Pages of jobs, the newest first. Used by the operations of REST that list jobs."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from pydantic import TypeAdapter

from jobs.models import Job
from rooms.core.representations import timestamp
from rooms.protocol import Invalid
from rooms.rest import paging
from rooms.rest.schemas import Moment

_TIME: TypeAdapter[Moment] = TypeAdapter(Moment)


def page(
    request: HttpRequest, jobs: "QuerySet[Job]", limit: int, cursor: str | None
) -> tuple[list[Job], str | None]:
    """At most `limit` jobs after the cursor, and the address of those after them, if there are
    any. Raises Invalid."""
    found = list(_from(jobs, cursor).order_by("-created_at", "-id")[: limit + 1])
    rows = found[:limit]
    return rows, _next(request, rows[-1]) if len(found) > limit else None


def _from(jobs: "QuerySet[Job]", cursor: str | None) -> "QuerySet[Job]":
    key = paging.key_of(cursor, str, str)
    if key is None:
        return jobs
    try:
        at, last = _TIME.validate_python(key[0]), UUID(str(key[1]))
    except ValueError:
        raise Invalid("The cursor is not one that a `next` link gave.") from None
    return jobs.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=last))


def _next(request: HttpRequest, last: Job) -> str:
    """The same question from the last job on."""
    query = request.GET.copy()
    query["cursor"] = paging.cursor(timestamp(last.created_at), str(last.pk))
    return f"{request.path}?{query.urlencode()}"
