"""REST of searching messages."""

from typing import Any

from ninja import Router

from rooms.core import representations
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, Request
from rooms.rest.schemas import Problem

from .finding import Found, find
from .shapes import FoundMessages, SearchText

router = Router(tags=["rooms"])


@router.get("/search", response={200: FoundMessages, 404: Problem, 503: Problem})
def search_messages(
    request: Request, q: SearchText, limit: Limit = 20, cursor: PageCursor = None
) -> dict[str, Any]:
    """Messages of all rooms that you may see, the newest first. Parts of words are found, in large
    or small letters; all words have to be there. A search has little time: what it has found by
    then is given, and `next` goes on from there, also where a page is empty."""
    key = paging.key_of(cursor, int)
    findings = find(request.user, q, limit, None if key is None else int(key[0]))
    following = None
    if findings.below is not None:
        after = paging.cursor(findings.below)
        following = paging.link(request, q=q, limit=limit, cursor=after)
    day = findings.looked_back_to
    return {
        "messages": [_shown(each) for each in findings.found],
        "looked_back_to": day.isoformat() if day else None,
        "next": following,
    }


def _shown(found: Found) -> dict[str, Any]:
    row = found.message
    return {
        "id": row.pk,
        "room": {"slug": row.room.slug, "name": row.room.name},
        "seq": row.seq,
        "at": representations.timestamp(row.created_at),
        "author": representations.person(row.author),
        "kind": row.kind,
        "excerpt": [piece._asdict() for piece in found.excerpt],
        "url": found.address,
    }
