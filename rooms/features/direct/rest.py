"""REST of rooms between two."""

from typing import Annotated, Any

from django.http import HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status
from pydantic import Field

from rooms.rest.requests import Request
from rooms.rest.rooms import show
from rooms.rest.schemas import Filled, Problem, WholeRoomOut

from . import actions, search
from .shapes import FoundPeople, NewDirectRoom

router = Router(tags=["people"])

Letters = Annotated[
    Filled,
    Field(min_length=1, max_length=100),
    Query(description="people whose user name or name holds each of these words"),
]


@router.get("/people", response=FoundPeople)
def find_people(request: Request, q: Letters) -> dict[str, Any]:
    """People whom you may write to: those with whom you share a room."""
    return {
        "people": [
            {"id": row.pk, "username": row.get_username(), "name": row.name}
            for row in search.people(request.user, q)
        ]
    }


@router.post("/direct", response={200: WholeRoomOut, 201: WholeRoomOut, 409: Problem, 429: Problem})
def open_direct_room(
    request: Request, person: NewDirectRoom, response: HttpResponse
) -> Status[Any]:
    """The room between you and somebody with whom you share a room: made when it is opened first,
    and the same from then on, for both. Nobody else comes into it. Who has left it comes back by
    this; until both are there, it is archived. 404 says nothing of whether anybody has that name.
    """
    slug, new = actions.open_direct(request.user, person.username)
    response["Location"] = reverse("api:get_room", args=[slug])
    return Status(201 if new else 200, show(request.user, slug))
