"""Threads: messages that join one, leave it, and people who follow it. Called by hooks of messages,
the socket and REST.

A room has one order, and a thread is a view of it: a reply is a message of the room like any other.
Who replies follows the thread by that; so does who began it, until they stop.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import F

from rooms.core import inbox, lookup, policy
from rooms.core.inbox import Concern
from rooms.core.log import Logs
from rooms.core.posted_messages import PostedMessage
from rooms.models import (
    InboxEntry,
    Membership,
    Message,
    Room,
    Thread,
    ThreadFollow,
    ThreadReply,
    User,
)
from rooms.protocol import NotFound

# Followers who are told of a reply: those who began to follow last.
MOST_TOLD = 200


def replied(logs: Logs, posted: Sequence[PostedMessage]) -> Mapping[int, Mapping[str, Any]]:
    """Each reply joins the thread of what it answers. As often as not that is a reply itself, and
    may have been said in the same transaction."""
    answered = {each.reply_to for each in posted if each.reply_to is not None}
    roots = dict(
        ThreadReply.objects.filter(message__in=answered).values_list("message_id", "thread_id")
    )
    for each in posted:
        roots[each.pk] = roots.get(each.reply_to or 0, each.reply_to or 0)
    last = {roots[each.pk]: each for each in posted}
    seqs = dict(Message.objects.filter(pk__in=last).values_list("pk", "seq"))
    Thread.objects.bulk_create(
        [Thread(root_id=root, last_seq=each.seq, last_at=logs.at) for root, each in last.items()],
        ignore_conflicts=True,
    )
    ThreadReply.objects.bulk_create(
        [ThreadReply(message_id=each.pk, thread_id=roots[each.pk]) for each in posted]
    )
    for root, each in last.items():
        count = sum(roots[other.pk] == root for other in posted)
        Thread.objects.filter(pk=root).update(
            replies=F("replies") + count, last_seq=each.seq, last_at=logs.at
        )
    _follow_and_tell(logs, [(roots[each.pk], each) for each in posted])
    return {
        each.pk: {"thread": {"id": roots[each.pk], "seq": seqs[roots[each.pk]]}} for each in posted
    }


def deleted(_logs: Logs, room: Room, message: Message) -> None:
    """A reply counts no more. What is left of it, where it was answered, stays in the thread."""
    thread_id = ThreadReply.objects.filter(message=message).values_list("thread_id", flat=True)
    # The event that tells of the deletion is the next one of the room.
    Thread.objects.filter(pk__in=thread_id, replies__gt=0).update(
        replies=F("replies") - 1, last_seq=room.last_seq + 1
    )


def follow(user: User, slug: str, message_id: int, wanted: bool) -> int:
    """The person follows the thread that the message is in, or stops following it; its root. The
    same again changes nothing. Raises Refusals."""
    room, membership = lookup.find_room(user, slug)
    policy.require("thread.follow", lookup.facts_of(user, room, membership))
    thread = thread_of(room, message_id)
    ThreadFollow.objects.update_or_create(thread=thread, user=user, defaults={"follows": wanted})
    return thread.root_id


def thread_of(room: Room, message_id: int) -> Thread:
    """The thread that a message of the room began or is in. Raises NotFound."""
    rows = Thread.objects.filter(root__room=room)
    found = rows.filter(pk=message_id).first()
    if found is None:
        reply = ThreadReply.objects.filter(message=message_id).values("thread")
        found = rows.filter(pk__in=reply).first()
    if found is None:
        raise NotFound(f"Nothing answers message {message_id} in {room.slug!r}.")
    return found


def _follow_and_tell(logs: Logs, replies: Sequence[tuple[int, PostedMessage]]) -> None:
    threads = {root for root, _ in replies}
    authors = dict(Message.objects.filter(pk__in=threads).values_list("pk", "author_id"))
    told = [
        Concern(user_id, each.pk, each.room.pk, InboxEntry.Kind.THREAD.value)
        for root, each in replies
        for user_id in _to_be_told(root, each)
    ]
    inbox.add_in_transaction(told, logs.at)
    _begin_to_follow({(root, author) for root, author in authors.items() if author is not None})
    _begin_to_follow({(root, each.author.pk) for root, each in replies}, again=True)


def _begin_to_follow(pairs: Collection[tuple[int, int]], again: bool = False) -> None:
    """`again`: also who has stopped."""
    rows = [ThreadFollow(thread_id=root, user_id=user_id, follows=True) for root, user_id in pairs]
    if again:
        ThreadFollow.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["thread", "user"],
            update_fields=["follows"],
        )
    else:
        ThreadFollow.objects.bulk_create(rows, ignore_conflicts=True)


def _to_be_told(root: int, reply: PostedMessage) -> Collection[int]:
    """Followers who belong to the room, other than who says it and whom it answers, who is told of
    that. Who has not seen to what they were told of the thread before is not told of each reply."""
    followers = ThreadFollow.objects.filter(thread=root, follows=True).exclude(user=reply.author)
    people = followers.order_by("-pk").values_list("user_id", flat=True)[:MOST_TOLD]
    found = set(people)
    if not found:
        return ()
    answered = Message.objects.filter(pk=reply.reply_to or 0).values_list("author_id", flat=True)
    found -= set(answered)
    open_entries = InboxEntry.objects.filter(
        user__in=found,
        done_at=None,
        kind=InboxEntry.Kind.THREAD,
        message__thread_reply__thread=root,
    )
    found -= set(open_entries.values_list("user_id", flat=True))
    members = Membership.objects.filter(room=reply.room.pk, user__in=found)
    return list(members.values_list("user_id", flat=True))


def follows(user: User, thread: Thread) -> bool:
    return ThreadFollow.objects.filter(thread=thread, user=user, follows=True).exists()
