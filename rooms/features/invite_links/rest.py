"""REST of links into a room."""

from typing import Annotated, Any

from django.urls import reverse
from ninja import Path, Router, Status

from rooms.http import site_address
from rooms.models import InviteLink
from rooms.protocol import Id
from rooms.rest.requests import Limit, PageCursor, Request, managed, next_link, page_of
from rooms.rest.rooms import show
from rooms.rest.schemas import Problem, WholeRoomOut

from . import actions
from .representations import invite_link
from .shapes import InviteLinkMade, InviteLinkPage, InviteLinkSecret, NewInviteLink

router = Router(tags=["members"])


@router.get("/rooms/{slug}/invite-links", response={200: InviteLinkPage, 403: Problem})
def list_invite_links(
    request: Request, slug: str, limit: Limit = 100, cursor: PageCursor = None
) -> dict[str, Any]:
    """The links into the room, oldest first, with those that ran out lately; for owners and
    moderators."""
    room = managed(request.user, slug, "invite_link.list")
    rows = InviteLink.objects.filter(room=room).select_related("by")
    page, more = page_of(rows, limit, cursor)
    return {
        "links": [invite_link(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/rooms/{slug}/invite-links", response={201: InviteLinkMade, 409: Problem})
def make_invite_link(request: Request, slug: str, link: NewInviteLink) -> Status[Any]:
    """A link that lets whoever has it into the room, as a member; for owners and moderators. It
    ends when its maker does not look after the room any more. 409: the room has too many."""
    row, secret = actions.make_link(request.user, slug, link.seconds, link.most_uses)
    url = site_address.base(request) + reverse("rooms:invite", args=[secret])
    return Status(201, {**invite_link(row), "url": url})


@router.delete("/rooms/{slug}/invite-links/{link}", response={204: None})
def revoke_invite_link(
    request: Request, slug: str, link: Annotated[Id, Path(description="the link's id")]
) -> Status[None]:
    """Take a link back; for owners and moderators. Who came in by it stays."""
    actions.revoke_link(request.user, slug, link)
    return Status(204, None)


@router.post("/invite-links/accept", response={200: WholeRoomOut, 409: Problem}, tags=["rooms"])
def accept_invite_link(request: Request, link: InviteLinkSecret) -> dict[str, Any]:
    """Become a member of the room that a link leads to. 404 says the same of a link that never was,
    has run out, is used up or was taken back. 409: you are in too many rooms."""
    room, _ = actions.join_by_link(request.user, link.secret)
    return show(request.user, room.slug)
