"""REST of rooms: list, make, read and change.

Operations are synchronous: they run in a thread each, where transactions work.
"""

from typing import Annotated, Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import reverse
from ninja import Router, Status
from pydantic import Field

from rooms.core import counterparts, installation, representations
from rooms.core.lookup import find_room
from rooms.models import Membership, Room, User
from rooms.models.rooms import DESCRIPTION_COLUMNS
from rooms.rest import paging
from rooms.rest.requests import Limit, PageCursor, Request, next_link
from rooms.rest.rooms import show
from rooms.rest.schemas import NewRoom, Problem, RoomChange, RoomPage, Text, WholeRoomOut

from . import actions, changes
from .search import named

router = Router(tags=["rooms"])


def _with_members(rooms: QuerySet[Room]) -> QuerySet[Room]:
    counted = (
        Membership.objects.filter(room=OuterRef("pk"))
        .order_by()
        .values("room")
        .annotate(number=Count("pk"))
        .values("number")
    )
    count = Subquery(counted, output_field=IntegerField())
    return rooms.annotate(members_count=Coalesce(count, 0)).defer(*DESCRIPTION_COLUMNS)


def _shown(user: User, rooms: list[Room], epoch: str) -> list[dict[str, Any]]:
    mine = {row.room_id: row for row in Membership.objects.filter(user=user, room__in=rooms)}
    others = counterparts.of_rooms(user, rooms)
    return [
        representations.room(
            room,
            mine.get(room.pk),
            room.members_count,  # type: ignore[attr-defined]
            epoch,
            others.get(room.pk),
        )
        for room in rooms
    ]


Words = Annotated[
    Text, Field(max_length=100, description="rooms whose name or slug holds each of these words")
]


@router.get("/rooms", response=RoomPage)
def list_rooms(
    request: Request, q: Words = "", limit: Limit = 50, cursor: PageCursor = None
) -> dict[str, Any]:
    """The public rooms and your own, oldest first; with `q`, those that begin with it before the
    others, and none that are between two people: `GET /people` finds those."""
    if q.strip():
        return _found(request, q, limit, cursor)
    key = paging.key_of(cursor, int)
    epoch = installation.read().epoch
    rooms = _with_members(Room.objects.visible_to(request.user)).order_by("pk")
    if key is not None:
        rooms = rooms.filter(pk__gt=key[0])
    page = list(rooms[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return {
        "rooms": _shown(request.user, page, epoch),
        "next": next_link(request, limit, page, more),
    }


def _found(request: Request, words: str, limit: int, cursor: str | None) -> dict[str, Any]:
    epoch = installation.read().epoch
    rooms = named(_with_members(Room.objects.visible_to(request.user).for_many()), words)
    key = paging.key_of(cursor, int, int)
    if key is not None:
        rooms = rooms.filter(Q(rank__gt=key[0]) | Q(rank=key[0], pk__gt=key[1]))
    page: list[Any] = list(rooms.order_by("rank", "pk")[: limit + 1])
    after = None
    if len(page) > limit:
        page.pop()
        after = paging.cursor(page[-1].rank, page[-1].pk)
    following = after and paging.link(request, q=words, limit=limit, cursor=after)
    return {"rooms": _shown(request.user, page, epoch), "next": following}


@router.post("/rooms", response={201: WholeRoomOut, 409: Problem, 429: Problem})
def create_room(request: Request, room: NewRoom, response: HttpResponse) -> Status[Any]:
    """A new room with you as its owner. 409 when the slug is or ever was a room's; that of a
    private room gets some letters more, whether it is or not."""
    row = actions.create_room_for(
        request.user, room.name, room.topic, room.visibility, slug=room.slug
    )
    response["Location"] = reverse("api:get_room", args=[row.slug])
    return Status(201, show(request.user, row.slug))


@router.get("/rooms/{slug}", response=WholeRoomOut, url_name="get_room")
def get_room(request: Request, slug: str) -> dict[str, Any]:
    return show(request.user, slug)


@router.patch("/rooms/{slug}", response=WholeRoomOut)
def change_room(request: Request, slug: str, change: RoomChange) -> dict[str, Any]:
    """For owners and moderators; only an owner makes a private room public. Who listens to a room
    that becomes private, and is no member, hears no more of it."""
    room, _ = find_room(request.user, slug)
    changes.change_room(room.pk, change.model_dump(exclude_none=True), by=request.user)
    return show(request.user, slug)
