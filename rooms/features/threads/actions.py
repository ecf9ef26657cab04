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

# Followers of a thread who are told: those who began to follow last.
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
    joined: dict[int, list[PostedMessage]] = {}
    for each in posted:
        joined.setdefault(roots[each.pk], []).append(each)
    seqs = dict(Message.objects.filter(pk__in=joined).values_list("pk", "seq"))
    _count(logs, joined)
    ThreadReply.objects.bulk_create(
        [ThreadReply(message_id=each.pk, thread_id=roots[each.pk]) for each in posted]
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


def _count(logs: Logs, joined: Mapping[int, Sequence[PostedMessage]]) -> None:
    """The rooms are held: nobody else counts in their threads."""
    known = Thread.objects.in_bulk(joined)
    for root, replies in joined.items():
        row = known.get(root) or Thread(root_id=root)
        row.replies += len(replies)
        row.last_seq, row.last_at = replies[-1].seq, logs.at
        if root not in known:
            row.save(force_insert=True)
    Thread.objects.bulk_update(known.values(), ["replies", "last_seq", "last_at"], batch_size=100)


def _follow_and_tell(logs: Logs, replies: Sequence[tuple[int, PostedMessage]]) -> None:
    threads = {root for root, _ in replies}
    asked = threads | {each.reply_to for _, each in replies if each.reply_to is not None}
    authors = dict(Message.objects.filter(pk__in=asked).values_list("pk", "author_id"))
    inbox.add_in_transaction(_concerns(replies, authors), logs.at)
    _begin_to_follow({(root, author) for root in threads if (author := authors.get(root))})
    _begin_to_follow({(root, each.author.pk) for root, each in replies}, again=True)


def _concerns(
    replies: Sequence[tuple[int, PostedMessage]], authors: Mapping[int, int | None]
) -> list[Concern]:
    """Followers who belong to the room, other than who says it and whom it answers, who is told of
    that. Who has not seen to what they were told of the thread before is not told of each reply."""
    threads = {root for root, _ in replies}
    followed = ThreadFollow.objects.filter(thread__in=threads, follows=True).order_by("-pk")
    followers: dict[int, list[int]] = {}
    for thread, user_id in followed.values_list("thread_id", "user_id")[: MOST_TOLD * len(threads)]:
        followers.setdefault(thread, []).append(user_id)
    people = {user_id for of_thread in followers.values() for user_id in of_thread}
    waiting = InboxEntry.objects.filter(
        user__in=people,
        done_at=None,
        kind=InboxEntry.Kind.THREAD,
        message__thread_reply__thread__in=threads,
    )
    told = set(waiting.values_list("message__thread_reply__thread", "user_id"))
    rooms = {each.room.pk for _, each in replies}
    members = Membership.objects.filter(room__in=rooms, user__in=people)
    there = set(members.values_list("room_id", "user_id"))
    found = []
    for root, each in replies:
        others = {each.author.pk, authors.get(each.reply_to or 0)}
        for user_id in followers.get(root, ()):
            if user_id in others or (root, user_id) in told:
                continue
            if (each.room.pk, user_id) in there:
                told.add((root, user_id))
                kind = InboxEntry.Kind.THREAD.value
                found.append(Concern(user_id, each.pk, each.room.pk, kind))
    return found


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


def follows(user: User, thread: Thread) -> bool:
    return ThreadFollow.objects.filter(thread=thread, user=user, follows=True).exists()
