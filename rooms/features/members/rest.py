"""REST of a room's members, of who is invited, and of who is kept out. `config.api` puts `router`
under /api/v1/."""

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Path, Router, Status

from rooms.core import acquaintance, policy, representations
from rooms.core.lookup import facts_of, find_room
from rooms.features.moderation import actions as moderation
from rooms.features.rooms.rest import Cursor, Limit, Request, next_link
from rooms.models import Ban, Invitation, Membership, Room, User
from rooms.protocol import Id
from rooms.rest import paging
from rooms.rest.schemas import (
    BanOut,
    BanPage,
    InvitationOut,
    InvitationPage,
    MemberOut,
    MemberPage,
    NewBan,
    NewMember,
    OwnInvitations,
    Problem,
    RoleChange,
)

from . import invitations, listing

router = Router(tags=["members"])

Rows = QuerySet[Membership] | QuerySet[Ban] | QuerySet[Invitation]
PersonId = Annotated[Id, Path(description="the person's id")]


def _managed(user: User, slug: str, action: str) -> Room:
    room, membership = find_room(user, slug)
    policy.require(action, facts_of(user, room, membership))
    return room


def _page(rows: Rows, limit: int, cursor: str | None) -> tuple[list[Any], bool]:
    key = paging.key_of(cursor, int)
    if key is not None:
        rows = rows.filter(pk__gt=key[0])
    found = list(rows.order_by("pk")[: limit + 1])
    return found[:limit], len(found) > limit


# Members ------------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/members", response=MemberPage)
def list_members(
    request: Request, slug: str, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """Who belongs to the room, in the order in which they came."""
    room, _ = find_room(request.user, slug)
    page, more = _page(room.memberships.select_related("user"), limit, cursor)
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
    row = moderation.change_role(room.pk, User(pk=user), change.role, by=request.user)
    assert row is not None, "raises when there is no member and somebody asks"
    return representations.member(row)


@router.delete("/rooms/{slug}/members/{user}", response={204: None})
def remove_member(request: Request, slug: str, user: PersonId) -> Status[None]:
    """For owners and moderators; what concerns either is for owners. To remove yourself is to
    leave. Who was removed from a public room may come back: see bans."""
    room, _ = find_room(request.user, slug)
    moderation.remove_member(room.pk, User(pk=user), by=request.user)
    return Status(204, None)


# Invitations --------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/invitations", response={200: InvitationPage, 403: Problem})
def list_room_invitations(
    request: Request, slug: str, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """Who is invited, in the order in which that happened; for owners and moderators. A declined
    one stays until it runs out."""
    room = _managed(request.user, slug, "invitation.list")
    rows = Invitation.objects.in_force().filter(room=room).select_related("by")
    page, more = _page(rows, limit, cursor)
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


# Bans ---------------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/bans", response={200: BanPage, 403: Problem})
def list_bans(
    request: Request, slug: str, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """Who is kept out, in the order in which that began; for owners and moderators."""
    room = _managed(request.user, slug, "ban.list")
    rows = Ban.objects.in_force().filter(room=room).select_related("user", "by")
    page, more = _page(rows, limit, cursor)
    return {
        "bans": [representations.ban(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/rooms/{slug}/bans", response={200: BanOut, 201: BanOut, 409: Problem})
def ban(request: Request, slug: str, new: NewBan) -> Status[Any]:
    """Put somebody out and keep them out, of a public room as well: to them it does not exist any
    more. Whoever is banned already gets the new reason and end (200). 404 for somebody that you
    share no room with, unless they have spoken in this one."""
    room = _managed(request.user, slug, "ban.list")
    user = acquaintance.find(request.user, new.user, room)
    row, made = moderation.ban(room.pk, user, request.user, new.reason, new.until)
    return Status(201 if made else 200, representations.ban(row))


@router.delete("/rooms/{slug}/bans/{user}", response={204: None})
def unban(request: Request, slug: str, user: PersonId) -> Status[None]:
    """Lift a ban. Who was a member before is none now."""
    room, _ = find_room(request.user, slug)
    moderation.unban(room.pk, User(pk=user), by=request.user)
    return Status(204, None)
