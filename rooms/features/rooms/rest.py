"""REST of rooms: list, create, join, read and post. `config.api` puts `router` under /api/v1/.

Operations are synchronous: they run in a thread each, where transactions work.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Count, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status
from pydantic import Field

from rooms.core import representations
from rooms.core.lookup import find_room
from rooms.features.members import actions as members
from rooms.features.messages import actions as messages
from rooms.features.moderation import actions as moderation
from rooms.features.reading import actions as reading
from rooms.models import Membership, Message, Room, User
from rooms.protocol import Invalid, Seq
from rooms.rest import paging
from rooms.rest.schemas import (
    MessageOut,
    MessagePage,
    NewMessage,
    NewRoom,
    Problem,
    ReadUpTo,
    RoomChange,
    RoomOut,
    RoomPage,
)

from . import actions as room_actions
from .search import named

router = Router(tags=["rooms"])

Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str | None, Field(max_length=200, description="from a `next` link")]


class Request(HttpRequest):
    """One that has been authenticated, either way."""

    user: User


def next_link(request: HttpRequest, limit: int, page: Sequence[Model], more: bool) -> str | None:
    """The address of the page after `page`, if there is `more`."""
    if not more:
        return None
    return paging.link(request, limit=limit, cursor=paging.cursor(page[-1].pk))


# Rooms --------------------------------------------------------------------------------------------


def _with_members(rooms: QuerySet[Room]) -> QuerySet[Room]:
    counted = (
        Membership.objects.filter(room=OuterRef("pk"))
        .order_by()
        .values("room")
        .annotate(number=Count("pk"))
        .values("number")
    )
    count = Subquery(counted, output_field=IntegerField())
    return rooms.annotate(members_count=Coalesce(count, 0))


def _shown(user: User, rooms: list[Room]) -> list[dict[str, Any]]:
    mine = {row.room_id: row for row in Membership.objects.filter(user=user, room__in=rooms)}
    return [
        representations.room(room, mine.get(room.pk), room.members_count)  # type: ignore[attr-defined]
        for room in rooms
    ]


def _show(user: User, slug: str) -> dict[str, Any]:
    room, membership = find_room(user, slug)
    return representations.room(room, membership, room.memberships.count())


Words = Annotated[
    str, Field(max_length=100, description="rooms whose name or slug holds each of these words")
]


@router.get("/rooms", response=RoomPage)
def list_rooms(
    request: Request, q: Words = "", limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """The public rooms and your own, oldest first; with `q`, those that begin with it before the
    others."""
    if q.strip():
        return _found(request, q, limit, cursor)
    key = paging.key_of(cursor, int)
    rooms = _with_members(Room.objects.visible_to(request.user)).order_by("pk")
    if key is not None:
        rooms = rooms.filter(pk__gt=key[0])
    page = list(rooms[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return {
        "rooms": _shown(request.user, page),
        "next": next_link(request, limit, page, more),
    }


def _found(request: Request, words: str, limit: int, cursor: str | None) -> dict[str, Any]:
    rooms = named(_with_members(Room.objects.visible_to(request.user)), words)
    key = paging.key_of(cursor, int, int)
    if key is not None:
        rooms = rooms.filter(Q(rank__gt=key[0]) | Q(rank=key[0], pk__gt=key[1]))
    page: list[Any] = list(rooms.order_by("rank", "pk")[: limit + 1])
    after = None
    if len(page) > limit:
        page.pop()
        after = paging.cursor(page[-1].rank, page[-1].pk)
    following = after and paging.link(request, q=words, limit=limit, cursor=after)
    return {"rooms": _shown(request.user, page), "next": following}


@router.post("/rooms", response={201: RoomOut, 409: Problem, 429: Problem})
def create_room(request: Request, room: NewRoom, response: HttpResponse) -> Status[Any]:
    """A new room with you as its owner. 409 when the slug is taken; that of a private room gets
    some letters more, whether it is or not."""
    row = room_actions.create_room_for(
        request.user, room.name, room.topic, room.visibility, slug=room.slug
    )
    response["Location"] = reverse("api:get_room", args=[row.slug])
    return Status(201, _show(request.user, row.slug))


@router.get("/rooms/{slug}", response=RoomOut, url_name="get_room")
def get_room(request: Request, slug: str) -> dict[str, Any]:
    return _show(request.user, slug)


@router.patch("/rooms/{slug}", response=RoomOut)
def change_room(request: Request, slug: str, change: RoomChange) -> dict[str, Any]:
    """For owners and moderators; only an owner makes a private room public. Who listens to a room
    that becomes private, and is no member, hears no more of it."""
    room, _ = find_room(request.user, slug)
    moderation.change_room(room.pk, change.model_dump(exclude_none=True), by=request.user)
    return _show(request.user, slug)


@router.post("/rooms/{slug}/join", response=RoomOut)
def join_room(request: Request, slug: str) -> dict[str, Any]:
    """Become a member: of a public room, or of one that you are invited to. Joining twice is
    joining once."""
    members.join(request.user, slug)
    return _show(request.user, slug)


@router.post("/rooms/{slug}/leave", response={204: None})
def leave_room(request: Request, slug: str) -> Status[None]:
    """Stop being a member. When the last owner leaves, the moderator, else the member, who has
    been there longest becomes one; a private room that is empty then is archived."""
    members.leave(request.user, slug)
    return Status(204, None)


@router.post("/rooms/{slug}/read", response={204: None})
def mark_read(request: Request, slug: str, read: ReadUpTo) -> Status[None]:
    """Everything up to `seq` has been read. The cursor never moves back."""
    reading.mark_read(request.user, slug, read.seq)
    return Status(204, None)


# Messages -----------------------------------------------------------------------------------------


@router.get("/rooms/{slug}/messages", response=MessagePage)
def list_messages(
    request: Request,
    slug: str,
    before: Annotated[Seq | None, Query(description="only older ones, nearest first")] = None,
    after: Annotated[Seq | None, Query(description="only newer ones, nearest first")] = None,
    around: Annotated[Seq | None, Query(description="those on both sides of this `seq`")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The room's history: its end, or one side of a `seq`, or both."""
    room, _ = find_room(request.user, slug)
    if sum(place is not None for place in (before, after, around)) > 1:
        raise Invalid("Give one of `before`, `after` and `around`.")
    messages = (
        Message.objects.filter(room=room).select_related("author").prefetch_related("attachments")
    )
    if after is not None:
        page, more = _page(messages.filter(seq__gt=after).order_by("seq"), limit)
        following = {"after": page[-1].seq} if more else None
    else:
        newer: list[Message] = []
        if around is not None:
            newer = list(messages.filter(seq__gt=around).order_by("seq")[: limit // 2])
            before = around + 1
        older = messages if before is None else messages.filter(seq__lt=before)
        page, more = _page(older.order_by("-seq"), limit - len(newer))
        following = {"before": page[-1].seq} if more else None
        page = page[::-1] + newer
    return {
        "messages": representations.messages(page, room.slug),
        "next": paging.link(request, limit=limit, **following) if following else None,
    }


def _page(messages: QuerySet[Message], limit: int) -> tuple[list[Message], bool]:
    rows = list(messages[: limit + 1])
    return rows[:limit], len(rows) > limit


@router.post("/rooms/{slug}/messages", response={200: MessageOut, 201: MessageOut})
def post_message(request: Request, slug: str, message: NewMessage) -> Status[Any]:
    """Say something, and become a member by it if the room is public.

    The body stands as it is: slash commands are for people, programs have `/jobs`.
    """
    known = (
        message.client_id is not None
        and Message.objects.filter(author=request.user, client_id=message.client_id).exists()
    )
    post = messages.Post(request.user, slug, message.body, message.client_id, message.reply_to)
    return Status(200 if known else 201, messages.post_message(post))
