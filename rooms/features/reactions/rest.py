"""REST of reactions."""

from typing import Annotated, Any

from ninja import Path, Query, Router, Status
from pydantic import StringConstraints

from rooms.core.lookup import find_room, message_in
from rooms.core.representations import person, timestamp
from rooms.models import Message, Reaction
from rooms.protocol import Id
from rooms.rest.requests import Limit, MessageKey, PageCursor, Request, next_link, page_of
from rooms.rest.schemas import Problem

from . import actions, representations
from .emoji import MOST_CHARACTERS
from .shapes import OwnReactions, ReactionList, ReactorPage

router = Router(tags=["rooms"])

MOST_MESSAGES = 100
EmojiInPath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_CHARACTERS),
    Path(description="one emoji, the character itself, percent-encoded"),
]


@router.get("/rooms/{slug}/messages/{message_id}/reactions", response=ReactionList)
def list_reactions(request: Request, slug: str, message_id: MessageKey) -> dict[str, Any]:
    """What people have answered with one emoji, as messages show it."""
    room, _ = find_room(request.user, slug)
    return {"reactions": representations.of_message(message_in(room, message_id).pk)}


@router.get("/rooms/{slug}/messages/{message_id}/reactions/{emoji}", response=ReactorPage)
def list_reactors(
    request: Request,
    slug: str,
    message_id: MessageKey,
    emoji: EmojiInPath,
    limit: Limit = 100,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """Who has chosen this emoji: all of them, page by page."""
    room, _ = find_room(request.user, slug)
    message = message_in(room, message_id)
    rows = Reaction.objects.filter(message=message, emoji=actions.chosen(emoji))
    page, more = page_of(rows.select_related("user"), limit, cursor)
    return {
        "people": [{"user": person(row.user), "at": timestamp(row.at)} for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.put(
    "/rooms/{slug}/messages/{message_id}/reactions/{emoji}",
    response={204: None, 409: Problem},
)
def react(request: Request, slug: str, message_id: MessageKey, emoji: EmojiInPath) -> Status[None]:
    """Answer a message with an emoji; in a public room that makes you a member, as speaking does.
    The same again changes nothing. 409: the message has as many as it takes."""
    actions.react(request.user, slug, message_id, emoji)
    return Status(204, None)


@router.delete("/rooms/{slug}/messages/{message_id}/reactions/{emoji}", response={204: None})
def unreact(
    request: Request, slug: str, message_id: MessageKey, emoji: EmojiInPath
) -> Status[None]:
    """Take it back. What is not there changes nothing."""
    actions.unreact(request.user, slug, message_id, emoji)
    return Status(204, None)


@router.get("/rooms/{slug}/own-reactions", response=OwnReactions)
def list_own_reactions(
    request: Request,
    slug: str,
    message: Annotated[
        list[Id], Query(min_length=1, max_length=MOST_MESSAGES, description="their `id`s")
    ],
) -> dict[str, Any]:
    """What you have chosen yourself of these messages: of an emoji of many people, messages list
    only the first."""
    room, _ = find_room(request.user, slug)
    here = Message.objects.filter(room=room, pk__in=message).values_list("pk", flat=True)
    return {"reactions": representations.own(request.user, list(here))}
