"""REST of the inbox."""

from typing import Annotated, Any

from ninja import Path, Query, Router, Status

from rooms.core import inbox
from rooms.protocol import Id
from rooms.rest import paging
from rooms.rest.requests import Limit, MessageKey, PageCursor, Request, next_link
from rooms.rest.schemas import Problem

from . import actions
from .shapes import ChangedEntries, InboxPage, SomeEntries, TheseEntries

router = Router(tags=["inbox"])

EntryKey = Annotated[Id, Path(description="the entry's `id`")]


@router.get("/inbox", response=InboxPage)
def list_inbox(
    request: Request,
    done: Annotated[bool, Query(description="those that are done instead")] = False,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """Messages that mention you or answer you, in the rooms that you belong to."""
    rows = actions.entries(request.user, done).order_by("-pk")
    key = paging.key_of(cursor, int)
    if key is not None:
        rows = rows.filter(pk__lt=key[0])
    page = list(rows[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    link = next_link(request, limit, page, more)
    return {
        "entries": [actions.shape(row) for row in page],
        "open": inbox.open_count(request.user),
        "next": f"{link}&done=true" if link and done else link,
    }


@router.post("/inbox/done", response=ChangedEntries)
def set_many_done(request: Request, which: SomeEntries) -> dict[str, Any]:
    """These entries are done, or all of them. What is none of yours is passed over."""
    return {"entries": actions.set_done(request.user, which.entries, done=True)}


@router.post("/inbox/undo", response=ChangedEntries)
def set_many_open(request: Request, which: TheseEntries) -> dict[str, Any]:
    """These entries are not done after all."""
    return {"entries": actions.set_done(request.user, which.entries, done=False)}


@router.post("/inbox/{entry}/done", response={204: None})
def set_done(request: Request, entry: EntryKey) -> Status[None]:
    """This entry is done."""
    actions.set_one_done(request.user, entry, done=True)
    return Status(204, None)


@router.delete("/inbox/{entry}/done", response={204: None})
def set_open(request: Request, entry: EntryKey) -> Status[None]:
    """It is not done after all."""
    actions.set_one_done(request.user, entry, done=False)
    return Status(204, None)


@router.put("/rooms/{slug}/messages/{message_id}/saved", response={204: None, 409: Problem})
def save_message(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Have it wait in your inbox until you say that it is done. 409: too many of yours do."""
    actions.save(request.user, slug, message_id)
    return Status(204, None)


@router.delete("/rooms/{slug}/messages/{message_id}/saved", response={204: None})
def set_message_done(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Whatever waits in your inbox of this message is done."""
    actions.set_message_done(request.user, slug, message_id)
    return Status(204, None)
