"""REST of members and invitations."""

from typing import Annotated, Any

from ninja import Path, Router, Status

from rooms.core import representations
from rooms.core.lookup import find_room
from rooms.models import Invitation, Membership, User
from rooms.protocol import Id
from rooms.protocol.shapes import MemberOut
from rooms.rest.requests import Limit, PageCursor, PersonId, Request, managed, next_link, page_of
from rooms.rest.rooms import show
from rooms.rest.schemas import Problem, WholeRoomOut

from . import actions, invitations, listing, management
from .shapes import InvitationOut, InvitationPage, MemberPage, NewMember, OwnInvitations, RoleChange

router = Router(tags=["members"])


@router.post("/rooms/{slug}/join", response=WholeRoomOut, tags=["rooms"])
def join_room(request: Request, slug: str) -> dict[str, Any]:
    """Become a member: of a public room, or of one that you are invited to. Joining twice is
    joining once."""
    actions.join(request.user, slug)
    return show(request.user, slug)


@router.post("/rooms/{slug}/leave", response={204: None}, tags=["rooms"])
def leave_room(request: Request, slug: str) -> Status[None]:
    """Stop being a member. When the last owner leaves, the moderator, else the member, who has
    been there longest becomes one; a private room that is empty then is archived."""
    actions.leave(request.user, slug)
    return Status(204, None)


@router.get("/rooms/{slug}/members", response=MemberPage)
def list_members(
    request: Request, slug: str, limit: Limit = 100, cursor: PageCursor = None
) -> dict[str, Any]:
    """Who belongs to the room, in the order in which they came."""
    room, _ = find_room(request.user, slug)
    page, more = page_of(room.memberships.select_related("user"), limit, cursor)
    return {
        "members": [representations.member(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/rooms/{slug}/members", response={200: MemberOut, 202: InvitationOut, 409: Problem})
def invite_member(request: Request, slug: str, member: NewMember) -> Status[Any]:
    """Invite somebody, by their user name, or by their id if you share a room; for owners and
    moderators. They become a member when they accept.

    202 says nothing of whether anybody has that name. 200: they are a member already. 409: they are
    banned, or you have too many open invitations.
    """
    found = invitations.invite(request.user, slug, member.user, member.role)
    if isinstance(found, Membership):
        return Status(200, representations.member(found))
    return Status(202, representations.invitation(found))


@router.patch("/rooms/{slug}/members/{user}", response=MemberOut)
def change_role(request: Request, slug: str, user: PersonId, change: RoleChange) -> dict[str, Any]:
    """For owners and moderators; what concerns either is for owners. The last owner stays one."""
    room, _ = find_room(request.user, slug)
    row = management.change_role(room.pk, User(pk=user), change.role, by=request.user)
    assert row is not None, "raises when there is no member and somebody asks"
    return representations.member(row)


@router.delete("/rooms/{slug}/members/{user}", response={204: None})
def remove_member(request: Request, slug: str, user: PersonId) -> Status[None]:
    """For owners and moderators; what concerns either is for owners. To remove yourself is to
    leave. Who was removed from a public room may come back: see bans."""
    room, _ = find_room(request.user, slug)
    management.remove_member(room.pk, User(pk=user), by=request.user)
    return Status(204, None)


# Invitations --------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/invitations", response={200: InvitationPage, 403: Problem})
def list_room_invitations(
    request: Request, slug: str, limit: Limit = 100, cursor: PageCursor = None
) -> dict[str, Any]:
    """Who is invited, in the order in which that happened; for owners and moderators. A declined
    one stays until it runs out."""
    room = managed(request.user, slug, "invitation.list")
    rows = Invitation.objects.in_force().filter(room=room).select_related("by")
    page, more = page_of(rows, limit, cursor)
    return {
        "invitations": [representations.invitation(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.delete("/rooms/{slug}/invitations/{invitation}", response={204: None})
def cancel_invitation(
    request: Request,
    slug: str,
    invitation: Annotated[Id, Path(description="the invitation's id")],
) -> Status[None]:
    """Take an invitation back; for owners and moderators."""
    invitations.cancel(request.user, slug, invitation)
    return Status(204, None)


@router.get("/invitations", response=OwnInvitations)
def list_invitations(request: Request) -> dict[str, Any]:
    """The rooms that you are invited to, newest first. Accept by `join`, or decline."""
    return {"invitations": listing.of_person(request.user)}


@router.post("/rooms/{slug}/decline", response={204: None})
def decline_invitation(request: Request, slug: str) -> Status[None]:
    """Decline an invitation. The room is not told."""
    invitations.decline(request.user, slug)
    return Status(204, None)
