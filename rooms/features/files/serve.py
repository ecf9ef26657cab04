"""Files on their way out, to those who may see the room they are in.

Pictures that cannot carry a script are shown in place; everything else is saved. An SVG is shown
under a policy of its own, which lets it draw and do nothing else.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    FileResponse,
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

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}
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
    # Asked anew each time, so that a ban is one for pictures in the browser's store as well; sent
    # anew only to those who have none, because a file never changes.
    kept = {"ETag": f'"{row.pk.hex}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == kept["ETag"]:
        return HttpResponseNotModified(headers=kept)
    shown = row.content_type in PICTURES and "download" not in request.GET
    response: HttpResponseBase
    if isinstance(request, ASGIRequest):
        # Django would read all of a synchronous file into memory before it sends the first byte.
        response = StreamingHttpResponse(_chunks(row))
    else:
        response = FileResponse(row.file.open("rb"))
    # What claims to be a text could be read as a page by an old browser; as bytes it cannot.
    response["Content-Type"] = row.content_type if shown else "application/octet-stream"
    response["Content-Length"] = str(row.size)
    disposition = content_disposition_header(not shown, row.name)
    assert disposition is not None
    response["Content-Disposition"] = disposition
    response["Content-Security-Policy"] = DRAW_ONLY
    response["X-Content-Type-Options"] = "nosniff"
    for name, value in kept.items():
        response[name] = value
    return response


async def _chunks(row: Attachment) -> AsyncIterator[bytes]:
    """Opens the file at the first read, so that it is closed however the reading ends."""
    file = await asyncio.to_thread(row.file.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()
