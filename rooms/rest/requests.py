"""What operations of REST share: who asks, how many, from where on."""

from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Path
from pydantic import Field

from rooms.core import policy
from rooms.core.lookup import facts_of, find_room
from rooms.models import Room, User
from rooms.protocol import Id

from . import paging
from .schemas import Text

Limit = Annotated[int, Field(ge=1, le=200)]
PageCursor = Annotated[Text | None, Field(max_length=200, description="from a `next` link")]
PersonId = Annotated[Id, Path(description="the person's id")]
MessageKey = Annotated[Id, Path(description="the message's `id`")]


class Request(HttpRequest):
    """One that has been authenticated, either way."""

    user: User


def next_link(request: HttpRequest, limit: int, page: Sequence[Model], more: bool) -> str | None:
    """The address of the page after `page`, if there is `more`."""
    if not more:
        return None
    return paging.link(request, limit=limit, cursor=paging.cursor(page[-1].pk))


def page_of(rows: "QuerySet[Any]", limit: int, cursor: str | None) -> tuple[list[Any], bool]:
    """At most `limit` rows by primary key, after the cursor, and whether there are more."""
    key = paging.key_of(cursor, int)
    if key is not None:
        rows = rows.filter(pk__gt=key[0])
    found = list(rows.order_by("pk")[: limit + 1])
    return found[:limit], len(found) > limit


def managed(user: User, slug: str, action: str) -> Room:
    """The room, if the person may do this there. Raises the refusal."""
    room, membership = find_room(user, slug)
    policy.require(action, facts_of(user, room, membership))
    return room
