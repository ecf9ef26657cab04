"""REST of pinned messages."""

from typing import Any

from ninja import Router, Status

from rooms.core.lookup import find_room
from rooms.rest.requests import MessageKey, Request
from rooms.rest.schemas import Problem

from . import actions, representations
from .shapes import PinList

router = Router(tags=["rooms"])


@router.get("/rooms/{slug}/pins", response=PinList)
def list_pins(request: Request, slug: str) -> dict[str, Any]:
    """What is pinned in the room, with the beginning of what it says."""
    room, _ = find_room(request.user, slug)
    return {"pins": representations.of_room(room)}


@router.put("/rooms/{slug}/messages/{message_id}/pin", response={204: None, 409: Problem})
def pin_message(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Pin a message, so that everybody finds it: for owners and moderators. The same again changes
    nothing. 409: the room has as many as it takes."""
    actions.pin(request.user, slug, message_id)
    return Status(204, None)


@router.delete("/rooms/{slug}/messages/{message_id}/pin", response={204: None})
def unpin_message(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Unpin it. What is not pinned changes nothing."""
    actions.unpin(request.user, slug, message_id)
    return Status(204, None)
