"""REST of a room's members and of who is kept out of it. `config.api` puts `router` under /api/v1/.

Who may is asked twice: here, before a stranger could learn who has an account, and by `moderation`,
which holds the room while it decides.
"""

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Path, Router, Status

from rooms.core import policy, representations
from rooms.core.lookup import find_room
from rooms.features.moderation import actions as moderation
from rooms.features.rooms.rest import Cursor, Limit, Request, next_link
from rooms.models import Ban, Membership, Room, User
from rooms.protocol import Id, NotFound
from rooms.rest import paging
from rooms.rest.schemas import (
    BanOut,
    BanPage,
    MemberOut,
    MemberPage,
    NewBan,
    NewMember,
    Problem,
    RoleChange,
)

router = Router(tags=["members"])

PersonId = Annotated[Id, Path(description="the person's id")]


def _managed(user: User, slug: str) -> Room:
    room, membership = find_room(user, slug)
    policy.require_manage(membership)
    return room


def _somebody(which: int | str) -> User:
    known = {"pk": which} if isinstance(which, int) else {"username": which}
    user = User.objects.filter(**known).first()
    if user is None:
        raise NotFound(f"There is nobody {which!r}.")
    return user


def _page(
    rows: QuerySet[Membership] | QuerySet[Ban], limit: int, cursor: str | None
) -> tuple[list[Any], bool]:
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


@router.post("/rooms/{slug}/members", response={200: MemberOut, 201: MemberOut, 409: Problem})
def add_member(request: Request, slug: str, member: NewMember) -> Status[Any]:
    """Bring somebody in; for owners and moderators. Whoever is a member already stays what they
    are (200). 409: they are banned."""
    room = _managed(request.user, slug)
    user = _somebody(member.user)
    row, new = moderation.add_member(room.pk, user, member.role, by=request.user)
    return Status(201 if new else 200, representations.member(row))


@router.patch("/rooms/{slug}/members/{user}", response=MemberOut)
def change_role(request: Request, slug: str, user: PersonId, change: RoleChange) -> dict[str, Any]:
    """For owners and moderators; what concerns owners is for owners. The last one stays one."""
    room = _managed(request.user, slug)
    row = moderation.change_role(room.pk, _somebody(user), change.role, by=request.user)
    assert row is not None, "raises when there is no member and somebody asks"
    return representations.member(row)


@router.delete("/rooms/{slug}/members/{user}", response={204: None})
def remove_member(request: Request, slug: str, user: PersonId) -> Status[None]:
    """For owners and moderators. Who was removed from a public room may come back: see bans."""
    room = _managed(request.user, slug)
    moderation.remove_member(room.pk, _somebody(user), by=request.user)
    return Status(204, None)


# Bans ---------------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/bans", response={200: BanPage, 403: Problem})
def list_bans(
    request: Request, slug: str, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """Who is kept out, in the order in which that began; for owners and moderators."""
    room = _managed(request.user, slug)
    rows = Ban.objects.in_force().filter(room=room).select_related("user", "by")
    page, more = _page(rows, limit, cursor)
    return {
        "bans": [representations.ban(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/rooms/{slug}/bans", response={200: BanOut, 201: BanOut})
def ban(request: Request, slug: str, new: NewBan) -> Status[Any]:
    """Put somebody out and keep them out, of a public room as well: to them it does not exist any
    more. Whoever is banned already gets the new reason and end (200)."""
    room = _managed(request.user, slug)
    user = _somebody(new.user)
    row, made = moderation.ban(room.pk, user, request.user, new.reason, new.until)
    return Status(201 if made else 200, representations.ban(row))


@router.delete("/rooms/{slug}/bans/{user}", response={204: None})
def unban(request: Request, slug: str, user: PersonId) -> Status[None]:
    """Lift a ban. Who was a member before is none now."""
    room = _managed(request.user, slug)
    moderation.unban(room.pk, _somebody(user), by=request.user)
    return Status(204, None)
