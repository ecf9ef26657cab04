"""REST of mutes and of the moderation log."""

from typing import Any

from ninja import Router, Status

from rooms.core import policy, representations
from rooms.core.lookup import facts_of, find_room
from rooms.models import ModerationEntry
from rooms.protocol.shapes import MemberOut
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, PersonId, Request, next_link
from rooms.rest.schemas import Problem

from . import actions
from .representations import entry
from .shapes import ModerationLog, NewMute

router = Router(tags=["members"])


@router.put("/rooms/{slug}/members/{user}/mute", response=MemberOut)
def mute_member(request: Request, slug: str, user: PersonId, new: NewMute) -> dict[str, Any]:
    """Have a member only read in the room for a while: for owners and moderators; a moderator is
    muted by an owner, an owner by nobody. Again: for that long from now on. It ends by itself, and
    leaving and coming back does not end it."""
    room, _ = find_room(request.user, slug)
    row = actions.mute(room.pk, user, request.user, new.minutes, new.reason)
    return representations.member(row)


@router.delete("/rooms/{slug}/members/{user}/mute", response={204: None})
def unmute_member(request: Request, slug: str, user: PersonId) -> Status[None]:
    """Let somebody write again. Who is not muted stays that."""
    room, _ = find_room(request.user, slug)
    actions.unmute(room.pk, user, request.user)
    return Status(204, None)


@router.get("/rooms/{slug}/moderation-log", response={200: ModerationLog, 403: Problem})
def read_moderation_log(
    request: Request, slug: str, limit: Limit = 50, cursor: PageCursor = None
) -> dict[str, Any]:
    """What was done here by who looks after the room, the last first: for owners and moderators,
    and, where the room's `open_log` says so, for members, without the reasons."""
    room, membership = find_room(request.user, slug)
    facts = facts_of(request.user, room, membership)
    policy.require("moderation_log.read", facts)
    rows = ModerationEntry.objects.filter(room=room).select_related("actor", "target")
    key = paging.key_of(cursor, int)
    if key is not None:
        rows = rows.filter(pk__lt=key[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    page, more = found[:limit], len(found) > limit
    reasons = policy.allows("room.change", facts)
    return {
        "entries": [entry(row, reasons) for row in page],
        "next": next_link(request, limit, page, more),
    }
