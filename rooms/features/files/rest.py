"""REST of files that people bring."""

from typing import Annotated, Any
from uuid import UUID

from ninja import File, Path, Router, Status
from ninja.files import UploadedFile

from rooms.core.lookup import find_room
from rooms.core.representations import attachment
from rooms.protocol.shapes import AttachmentOut
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, Request
from rooms.rest.schemas import Problem

from . import listing, uploads
from .shapes import FilePage

router = Router(tags=["rooms"])


@router.get("/rooms/{slug}/files", response=FilePage)
def list_files(
    request: Request, slug: str, limit: Limit = 50, cursor: PageCursor = None
) -> dict[str, Any]:
    """What was sent to the room as a file, by people and by apps, and is not deleted."""
    room, _ = find_room(request.user, slug)
    files, after = listing.page_of(room, limit, cursor)
    return {"files": files, "next": after and paging.link(request, limit=limit, cursor=after)}


@router.post("/rooms/{slug}/uploads", response={201: AttachmentOut, 409: Problem})
def upload_file(request: Request, slug: str, file: Annotated[UploadedFile, File()]) -> Status[Any]:
    """Bring a file into the room, as `multipart/form-data`, and send it with a message: `files` of
    `POST /rooms/{slug}/messages` take its `id`. What is not sent within a day goes. What it is, is
    found out from its content; pictures lose what tells where and with what they were made. 409:
    your files have as many bytes as they may."""
    row = uploads.upload(request.user, slug, file.name or "", file)
    return Status(201, attachment(row))


@router.delete("/uploads/{upload}", response={204: None})
def take_back_upload(
    request: Request, upload: Annotated[UUID, Path(description="the file's id")]
) -> Status[None]:
    """A file of yours that is not to be sent after all."""
    uploads.take_back(request.user, upload)
    return Status(204, None)
