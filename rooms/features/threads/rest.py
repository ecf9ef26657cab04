"""REST of threads."""

from typing import Annotated, Any

from ninja import Query, Router, Status

from rooms.core import installation, representations
from rooms.core.lookup import find_room
from rooms.models import Message
from rooms.protocol import GivenEpoch, Seq
from rooms.rest import paging
from rooms.rest.message_pages import page_of_messages
from rooms.rest.requests import Limit, MessageKey, Request
from rooms.rest.schemas import Problem

from . import actions
from .shapes import ThreadOut

router = Router(tags=["rooms"])


@router.get("/rooms/{slug}/messages/{message_id}/thread", response={200: ThreadOut, 409: Problem})
def get_thread(
    request: Request,
    slug: str,
    message_id: MessageKey,
    before: Annotated[Seq | None, Query(description="only older replies, nearest first")] = None,
    epoch: Annotated[GivenEpoch | None, Query(description="of which history that `seq` is")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The thread that a message began or is in: its last replies, or those before a `seq`. 404:
    nothing answers the message, and it answers none."""
    epoch = installation.epoch_now(epoch)
    room, _ = find_room(request.user, slug)
    thread = actions.thread_of(room, message_id)
    messages = Message.objects.select_related("author").prefetch_related("attachments")
    replies = messages.filter(thread_reply__thread=thread)
    if before is not None:
        # By the key, which the index of the thread is ordered by.
        above = Message.objects.filter(room=room, seq__lt=before).order_by("-seq")
        replies = replies.filter(
            thread_reply__message__lte=above.values_list("pk", flat=True).first() or 0
        )
    page, more = page_of_messages(replies.order_by("-thread_reply__message"), limit)
    link = paging.link(request, before=page[-1].seq, limit=limit, epoch=epoch) if more else None
    return {
        "root": representations.message(messages.get(pk=thread.pk), room.slug),
        "messages": representations.messages(page[::-1], room.slug),
        "follows": actions.follows(request.user, thread),
        "head": room.last_seq,
        "epoch": epoch,
        "next": link,
    }


@router.put("/rooms/{slug}/messages/{message_id}/thread/follow", response={204: None})
def follow_thread(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Be told of the thread's replies in your inbox. Who replies follows by that."""
    actions.follow(request.user, slug, message_id, wanted=True)
    return Status(204, None)


@router.delete("/rooms/{slug}/messages/{message_id}/thread/follow", response={204: None})
def stop_following_thread(request: Request, slug: str, message_id: MessageKey) -> Status[None]:
    """Be told no more, until you reply again."""
    actions.follow(request.user, slug, message_id, wanted=False)
    return Status(204, None)
