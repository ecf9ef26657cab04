"""REST of mentions: who can be mentioned."""

from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from rooms.core import acquaintance, policy
from rooms.core.lookup import facts_of, find_room
from rooms.models import Membership
from rooms.protocol import Conflict
from rooms.rest.requests import Request, managed
from rooms.rest.schemas import Problem, Text

from .people import others_in
from .shapes import Everybody, MentionablePeople

router = Router(tags=["rooms"])

BeginningOfName = Annotated[
    Text,
    Field(
        max_length=100,
        description="with which their user name, or a part of their name, begins",
    ),
]
Few = Annotated[int, Field(ge=1, le=20)]


@router.get("/rooms/{slug}/mentionable", response=MentionablePeople)
def list_mentionable(
    request: Request, slug: str, q: BeginningOfName = "", limit: Few = 8
) -> dict[str, Any]:
    """Whom a message in this room can mention, as it is completed while one writes: the first of
    its members; in a public room, then, people whom you share another room with."""
    room, membership = find_room(request.user, slug)
    words = q.replace("\0", "").strip()
    people = list(acquaintance.matching(request.user, room, words)[:limit])
    here = set(
        Membership.objects.filter(room=room, user__in=people).values_list("user_id", flat=True)
    )
    everybody = None
    if policy.allows("mention.everybody", facts_of(request.user, room, membership)):
        others = others_in(room, request.user.pk)
        everybody = None if others is None else len(others)
    return {
        "people": [
            {"id": each.pk, "name": each.name, "username": each.username, "member": each.pk in here}
            for each in people
        ],
        "everybody": everybody,
    }


@router.get(
    "/rooms/{slug}/mentionable/everybody", response={200: Everybody, 403: Problem, 409: Problem}
)
def count_everybody(request: Request, slug: str) -> dict[str, Any]:
    """How many people `@room` mentions; for owners and moderators. 409: too many for that."""
    room = managed(request.user, slug, "mention.everybody")
    others = others_in(room, request.user.pk)
    if others is None:
        raise Conflict(f"{room.name} has too many members to mention all of them at once.")
    return {"people": len(others)}
