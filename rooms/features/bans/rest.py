"""REST of bans."""

from typing import Annotated, Any

from ninja import Query, Router, Status

from rooms.core import acquaintance, representations
from rooms.core.lookup import find_room
from rooms.models import Ban, User
from rooms.protocol import NotFound
from rooms.rest.requests import Limit, PageCursor, PersonId, Request, managed, next_link, page_of
from rooms.rest.schemas import Problem, Text

from . import actions
from .shapes import BanOut, BanPage, NewBan

router = Router(tags=["members"])


@router.get("/rooms/{slug}/bans", response={200: BanPage, 403: Problem})
def list_bans(
    request: Request, slug: str, limit: Limit = 100, cursor: PageCursor = None
) -> dict[str, Any]:
    """Who is kept out, in the order in which that began; for owners and moderators."""
    room = managed(request.user, slug, "ban.list")
    rows = Ban.objects.in_force().filter(room=room).select_related("user", "by")
    page, more = page_of(rows, limit, cursor)
    return {
        "bans": [representations.ban(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/rooms/{slug}/bans", response={200: BanOut, 201: BanOut, 409: Problem})
def ban(request: Request, slug: str, new: NewBan) -> Status[Any]:
    """Put somebody out and keep them out, of a public room as well: to them it does not exist any
    more. Somebody who is banned already gets the new reason and end (200).

    Of somebody that you share no room with, and who has not spoken in this one, the user name is
    taken as it is: the answer does not say whether anybody has it. Their id is answered by 404."""
    room = managed(request.user, slug, "ban.list")
    user = acquaintance.known(request.user, new.user, room)
    if user is not None:
        row, made = actions.ban(room.pk, user, request.user, new.reason, new.until)
    elif isinstance(new.user, str):
        row, made = actions.ban_stranger(room.pk, new.user, request.user, new.reason, new.until)
    else:
        raise NotFound(f"You know nobody called {new.user!r}.")
    return Status(201 if made else 200, representations.ban(row))


@router.delete("/rooms/{slug}/bans", response={204: None})
def unban_by_name(
    request: Request,
    slug: str,
    name: Annotated[Text, Query(min_length=1, max_length=150, description="as it was typed")],
) -> Status[None]:
    """Lift the ban of a stranger, whose entry in the list has no `user`."""
    room, _ = find_room(request.user, slug)
    actions.unban_stranger(room.pk, name, by=request.user)
    return Status(204, None)


@router.delete("/rooms/{slug}/bans/{user}", response={204: None})
def unban(request: Request, slug: str, user: PersonId) -> Status[None]:
    """Lift a ban. Who was a member before is none now."""
    room, _ = find_room(request.user, slug)
    actions.unban(room.pk, User(pk=user), by=request.user)
    return Status(204, None)
