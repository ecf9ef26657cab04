"""The inbox: what answers somebody, what is done, what is swept away. Called by hooks, REST and the
page. Mentions are put in by `features.mentions`, by way of `core.inbox`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rooms.core import housekeeping, inbox, lookup, policy
from rooms.core.inbox import Concern
from rooms.core.log import Logs
from rooms.core.posted_messages import PostedMessage
from rooms.core.representations import person, timestamp
from rooms.limits import limits
from rooms.models import InboxEntry, Message, Room, User
from rooms.protocol import Conflict, NotFound
from rooms.text import graphemes

EXCERPT_CHARACTERS = 200


def replied(logs: Logs, messages: Sequence[PostedMessage]) -> Mapping[int, Mapping[str, Any]]:
    """Whoever wrote what is answered is told, if somebody else answers."""
    answered = {each.reply_to for each in messages if each.reply_to is not None}
    authors = dict(Message.objects.filter(pk__in=answered).values_list("pk", "author_id"))
    concerns = [
        Concern(author_id, each.pk, each.room.pk, InboxEntry.Kind.REPLY.value)
        for each in messages
        if (author_id := authors.get(each.reply_to or 0)) is not None
        and author_id != each.author.pk
    ]
    inbox.add_in_transaction(concerns, logs.at)
    return {}


def deleted(_logs: Logs, _room: Room, message: Message) -> None:
    rows = InboxEntry.objects.filter(message=message)
    people = set(rows.values_list("user_id", flat=True))
    if people:
        rows.delete()
        inbox.tell_on_commit(people)


def save(user: User, slug: str, message_id: int) -> None:
    """The message waits in the person's inbox, whether or not it was there before. The same again
    changes nothing. Raises Refusals."""
    row = _message(user, slug, message_id)
    with transaction.atomic():
        own = InboxEntry.objects.filter(user=user)
        if own.filter(message=row).update(done_at=None) == 0:
            most = limits().saved_messages
            if own.filter(kind=InboxEntry.Kind.SAVED, done_at=None).count() >= most:
                raise Conflict(f"You have saved {most:,} messages. Say of some that they are done.")
            saved = Concern(user.pk, row.pk, row.room_id, InboxEntry.Kind.SAVED.value)
            inbox.add_in_transaction([saved], timezone.now())
        inbox.tell_on_commit([user.pk])


def set_message_done(user: User, slug: str, message_id: int) -> None:
    """Whatever waits there of the message is done."""
    row = _message(user, slug, message_id)
    found = InboxEntry.objects.filter(user=user, message=row).values_list("pk", flat=True)
    set_done(user, list(found), done=True)


def _message(user: User, slug: str, message_id: int) -> Message:
    room, membership = lookup.find_room(user, slug)
    policy.require("inbox.save", lookup.facts_of(user, room, membership))
    return lookup.message_in(room, message_id)


def entries(user: User, done: bool = False) -> "QuerySet[InboxEntry]":
    rows = inbox.shown([user.pk]).filter(done_at__isnull=not done)
    return rows.select_related("room", "message__author")


def set_done(user: User, which: Collection[int] | None, done: bool) -> list[int]:
    """Of these entries, or of all, those that have become what they are to be. One that is none of
    the person's is passed over."""
    with transaction.atomic():
        rows = InboxEntry.objects.filter(user=user, done_at__isnull=done)
        if which is not None:
            rows = rows.filter(pk__in=which)
        else:
            rows = rows.filter(pk__in=inbox.shown([user.pk]).values("pk"))
        changed = list(rows.order_by("pk").values_list("pk", flat=True)[: inbox.MOST_COUNTED])
        now = timezone.now() if done else None
        InboxEntry.objects.filter(pk__in=changed).update(done_at=now)
        if changed:
            inbox.tell_on_commit([user.pk])
    return changed


def set_one_done(user: User, pk: int, done: bool) -> None:
    """Raises NotFound for what the person does not see. Twice is once."""
    if not inbox.shown([user.pk]).filter(pk=pk).exists():
        raise NotFound(f"Your inbox has no entry {pk}.")
    set_done(user, [pk], done)


def shape(row: InboxEntry) -> dict[str, Any]:
    message, room = row.message, row.room
    return {
        "id": row.pk,
        "kind": row.kind,
        "at": timestamp(row.at),
        "done": row.done_at is not None,
        "room": {"slug": room.slug, "name": room.name},
        "message": message.pk,
        "author": person(message.author),
        "excerpt": graphemes.cut(message.body, EXCERPT_CHARACTERS, graphemes.ELLIPSIS),
    }


def sweep() -> int:
    """What was done long ago, and what is older than anybody looks back, but for what was saved."""
    now = timezone.now()
    old = InboxEntry.objects.filter(at__lt=now - timedelta(days=limits().inbox_days))
    old = old.exclude(kind=InboxEntry.Kind.SAVED)
    done = now - timedelta(days=limits().inbox_done_days)
    swept = housekeeping.delete_in_batches(old)
    return swept + housekeeping.delete_in_batches(InboxEntry.objects.filter(done_at__lt=done))
