"""REST of read markers."""

from ninja import Router, Status

from rooms.rest.requests import Request
from rooms.rest.schemas import Problem

from .actions import mark_read as mark
from .shapes import ReadUpTo

router = Router(tags=["rooms"])


@router.post("/rooms/{slug}/read", response={204: None, 409: Problem})
def mark_read(request: Request, slug: str, read: ReadUpTo) -> Status[None]:
    """Everything up to `seq` has been read. The cursor never moves back. 409: `epoch` is
    another one."""
    mark(request.user, slug, read.seq, read.epoch)
    return Status(204, None)
