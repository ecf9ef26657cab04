"""REST of people: oneself, and the cards of those one knows."""

from typing import Annotated, Any

from ninja import Path, Router
from pydantic import StringConstraints

from rooms.rest.requests import PersonId, Request
from rooms.rest.schemas import Problem, Text

from . import actions
from .shapes import OwnProfile, PersonCard, ProfileChange

router = Router(tags=["people"])

UserName = Annotated[
    Text,
    StringConstraints(min_length=1, max_length=150),
    Path(description="somebody's exact user name"),
]


@router.get("/me", response=OwnProfile)
def get_me(request: Request) -> dict[str, Any]:
    """Yourself."""
    return actions.own_json(request.user)


@router.patch("/me", response={200: OwnProfile, 429: Problem})
def change_me(request: Request, change: ProfileChange) -> dict[str, Any]:
    """Change what you say of yourself. Another name is told to all your rooms; how often it may be
    changed in a day is bounded."""
    changes = change.model_dump(exclude_none=True)
    return actions.own_json(actions.change_profile(request.user, changes))


@router.get("/people/{username}", response=PersonCard)
def get_person(request: Request, username: UserName) -> dict[str, Any]:
    """Somebody's card: of people with whom you share a room, or who are in a public one. 404 says
    nothing of whether anybody has that name."""
    return actions.card(request.user, username)


@router.get("/rooms/{slug}/people/{user}", response=PersonCard)
def get_person_of_room(request: Request, slug: str, user: PersonId) -> dict[str, Any]:
    """The card of a member, with their role in the room."""
    return actions.card_in(request.user, slug, user)
