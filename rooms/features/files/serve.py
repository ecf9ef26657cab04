"""Files on their way out, to those who may see the room they are in.

Pictures that cannot carry a script, sound and film are shown in place; everything else is saved. An
SVG is shown under a policy of its own, which lets it draw and do nothing else. Of a film a player
asks for parts.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from rooms.core import credentials, lookup, policy
from rooms.http import request_address
from rooms.models import Attachment, User
from rooms.protocol.scopes import Scope

from . import ranges

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}
# Heard and seen in place.
MEDIA = {"video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"}
PREVIEW_TYPE = "image/webp"
DRAW_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
CHUNK_BYTES = 64 * 1024


def may_have(user: User, attachment: Attachment) -> bool:
    if attachment.room is not None:
        return policy.allows("file.open", lookup.facts(user, attachment.room))
    facts = policy.Facts(
        own=attachment.owner_id == user.pk, permissions=lookup.staff_permissions(user)
    )
    return policy.allows("file.open", facts)


def by_token(request: HttpRequest) -> User | HttpResponse | None:
    """A program's way in, or the refusal of its token; None when it shows none."""
    token = credentials.bearer(request.headers.get("Authorization", ""))
    if token is None:
        return None
    caller = credentials.by_token(token, request_address.of_request(request))
    if caller is None:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    if Scope.READ not in caller.scopes:
        return HttpResponse(status=403)
    return caller.user


@require_safe
def attachment(request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
    """A file, for people with a session and for programs with a token."""
    user = by_token(request) or request.user
    if isinstance(user, HttpResponse):
        return user
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path())
    row = get_object_or_404(Attachment.objects.select_related("room"), pk=pk, name=name)
    if not may_have(user, row):
        raise Http404
    if not row.file.name or not row.file.storage.exists(row.file.name):
        raise Http404
    preview = "preview" in request.GET and bool(row.preview)
    # Asked anew each time, so that a ban is one for pictures in the browser's store as well; sent
    # anew only to those who have none, because a file never changes.
    tag = f'"{row.pk.hex}{"-preview" if preview else ""}"'
    kept = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=kept)
    file = row.preview if preview else row.file
    content_type = PREVIEW_TYPE if preview else row.content_type
    size = file.size
    wanted = ranges.asked(request.headers, size, tag)
    if wanted is None:
        return HttpResponse(status=416, headers={**kept, "Content-Range": f"bytes */{size}"})
    shown = content_type in PICTURES | MEDIA and "download" not in request.GET
    response: HttpResponseBase
    if isinstance(request, ASGIRequest):
        # Django would read all of a synchronous file into memory before it sends the first byte.
        response = StreamingHttpResponse(_chunks(file, wanted))
    else:
        response = StreamingHttpResponse(_chunks_in_thread(file, wanted))
    if len(wanted) < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    # What claims to be a text could be read as a page by an old browser; as bytes it cannot.
    response["Content-Type"] = content_type if shown else "application/octet-stream"
    response["Content-Length"] = str(len(wanted))
    response["Accept-Ranges"] = "bytes"
    disposition = content_disposition_header(not shown, row.name)
    assert disposition is not None
    response["Content-Disposition"] = disposition
    response["Content-Security-Policy"] = DRAW_ONLY
    response["X-Content-Type-Options"] = "nosniff"
    for name, value in kept.items():
        response[name] = value
    return response


async def _chunks(row_file: FieldFile, wanted: range) -> AsyncIterator[bytes]:
    """Opens the file at the first read, so that it is closed however the reading ends."""
    file = await asyncio.to_thread(row_file.open, "rb")
    try:
        await asyncio.to_thread(file.seek, wanted.start)
        left = len(wanted)
        while left and (chunk := await asyncio.to_thread(file.read, min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()


def _chunks_in_thread(row_file: FieldFile, wanted: range) -> Iterator[bytes]:
    """The same for a server that is not asynchronous."""
    with row_file.open("rb") as file:
        file.seek(wanted.start)
        left = len(wanted)
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
