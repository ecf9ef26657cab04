"""Pages of jobs, the newest first. Used by the operations of REST that list jobs."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from pydantic import TypeAdapter

from jobs.models import Job
from rooms.core.representations import timestamp
from rooms.protocol import Invalid
from rooms.rest import paging
from rooms.rest.schemas import Moment

ORDER = ("-created_at", "-id")
_TIME: TypeAdapter[Moment] = TypeAdapter(Moment)


def page(request: HttpRequest, found: Sequence[Job], limit: int) -> tuple[list[Job], str | None]:
    """Of those that come next, one more than the limit: the page, and the address of the following
    one, if there is one."""
    rows = list(found[:limit])
    return rows, _next(request, rows[-1]) if len(found) > limit else None


def after(cursor: str | None) -> Q:
    """Those that come after the cursor: without one, all. Raises Invalid."""
    key = paging.key_of(cursor, str, str)
    if key is None:
        return Q()
    try:
        at, last = _TIME.validate_python(key[0]), UUID(str(key[1]))
    except ValueError:
        raise Invalid("The cursor is not one that a `next` link gave.") from None
    return Q(created_at__lt=at) | Q(created_at=at, id__lt=last)


def _next(request: HttpRequest, last: Job) -> str:
    """The same question from the last job on."""
    query = request.GET.copy()
    query["cursor"] = paging.cursor(timestamp(last.created_at), str(last.pk))
    return f"{request.path}?{query.urlencode()}"
