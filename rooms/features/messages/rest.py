"""REST of what people say."""

from typing import Annotated, Any

from ninja import Query, Router, Status

from rooms.core import installation, representations
from rooms.core.lookup import find_room
from rooms.models import Message
from rooms.protocol import GivenEpoch, Invalid, NotFound, Seq
from rooms.protocol.shapes import MessageOut
from rooms.rest import paging
from rooms.rest.message_pages import page_of_messages
from rooms.rest.requests import Limit, MessageKey, Request
from rooms.rest.schemas import Problem

from .actions import Post
from .actions import post_message as post
from .deletion import delete_message as delete
from .editing import earlier_texts
from .editing import edit_message as edit
from .shapes import EarlierTexts, MessagePage, NewMessage, NewText

router = Router(tags=["rooms"])


@router.get("/rooms/{slug}/messages", response={200: MessagePage, 409: Problem})
def list_messages(
    request: Request,
    slug: str,
    before: Annotated[Seq | None, Query(description="only older ones, nearest first")] = None,
    after: Annotated[Seq | None, Query(description="only newer ones, nearest first")] = None,
    around: Annotated[Seq | None, Query(description="those on both sides of this `seq`")] = None,
    epoch: Annotated[GivenEpoch | None, Query(description="of which history that `seq` is")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The room's history: its end, or one side of a `seq`, or both. 409: the `seq` is of another
    `epoch`, so load the room anew. A page of long messages has fewer than `limit`."""
    epoch = installation.epoch_now(epoch)
    room, _ = find_room(request.user, slug)
    if sum(place is not None for place in (before, after, around)) > 1:
        raise Invalid("Give one of `before`, `after` and `around`.")
    messages = (
        Message.objects.filter(room=room).select_related("author").prefetch_related("attachments")
    )
    if after is not None:
        page, more = page_of_messages(messages.filter(seq__gt=after).order_by("seq"), limit)
        following = {"after": page[-1].seq} if more else None
    else:
        newer: list[Message] = []
        if around is not None:
            newer, _ = page_of_messages(messages.filter(seq__gt=around).order_by("seq"), limit // 2)
            before = around + 1
        older = messages if before is None else messages.filter(seq__lt=before)
        page, more = page_of_messages(older.order_by("-seq"), limit - len(newer))
        following = {"before": page[-1].seq} if more else None
        page = page[::-1] + newer
    return {
        "messages": representations.messages(page, room.slug),
        "epoch": epoch,
        "next": following and paging.link(request, limit=limit, epoch=epoch, **following),
    }


@router.post("/rooms/{slug}/messages", response={200: MessageOut, 201: MessageOut, 409: Problem})
def post_message(request: Request, slug: str, message: NewMessage) -> Status[Any]:
    """Say something, and become a member by it if the room is public.

    The body stands as it is: slash commands are for people, programs have REST. 409: it was said
    under this `client_id`, and is deleted.
    """
    known = (
        message.client_id is not None
        and Message.objects.filter(author=request.user, client_id=message.client_id).exists()
    )
    new = Post(
        request.user, slug, message.body, message.client_id, message.reply_to, tuple(message.files)
    )
    return Status(200 if known else 201, post(new))


@router.get("/rooms/{slug}/messages/{message_id}", response=MessageOut)
def get_message(request: Request, slug: str, message_id: MessageKey) -> dict[str, Any]:
    """One message, as lists show it: of one that was deleted, what is left of it."""
    room, _ = find_room(request.user, slug)
    rows = Message.objects.filter(pk=message_id, room=room)
    row = rows.select_related("author").prefetch_related("attachments").first()
    if row is None:
        raise NotFound(f"There is no message {message_id} in {room.slug!r}.")
    return representations.message(row, room.slug)


@router.patch("/rooms/{slug}/messages/{message_id}", response=MessageOut)
def edit_message(
    request: Request, slug: str, message_id: MessageKey, text: NewText
) -> dict[str, Any]:
    """Have your own message say something else, for as long as the room's `edit_window`."""
    return edit(Post(request.user, slug, text.body), message_id).message


@router.delete("/rooms/{slug}/messages/{message_id}", response={204: None})
def delete_message(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Your own, or, for owners and moderators, somebody else's. Where something answers it, a
    message without a text stays."""
    delete(request.user, slug, message_id)
    return Status(204, None)


@router.get("/rooms/{slug}/messages/{message_id}/history", response=EarlierTexts)
def list_edits(request: Request, slug: str, message_id: MessageKey) -> dict[str, Any]:
    """What a message said before it was edited: for its author, owners and moderators."""
    return {"edits": earlier_texts(request.user, slug, message_id)}
