"""Messages that people write: any number of them in one transaction; each can fail on its own.

This is the path of every message, so its statements are put together by hand (`statements`).
Called by the journal (socket), REST, commands and other apps, the latter by way of `actions`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction

from rooms.core import (
    lookup,
    markdown,
    message_parts,
    policy,
    posted_messages,
    statements,
    uploads,
)
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.message_text import checked
from rooms.core.policy import Facts
from rooms.core.posted_messages import PostedMessage
from rooms.core.representations import message as message_json
from rooms.core.representations import said
from rooms.limits import limits
from rooms.models import Attachment, DeletedPost, Membership, Message, Room, User, is_slug
from rooms.protocol import Conflict, NotFound, Refusal
from rooms.text import graphemes

from . import paces

PostOutcome = dict[str, object] | Refusal
# An author and the client_id of what they want to say.
Intention = tuple[int, UUID | None]

# A client that has been away for longer may say once more what is deleted.
REMEMBERED = timedelta(days=30)
WAS_DELETED = Conflict("This message was sent before, and is deleted.")

# A longer text is checked and rendered before it comes to the journal, whose thread writes what
# everybody says: that takes up to a millisecond for each thousand characters. A shorter one is
# rendered there in less time than it takes to wake another thread.
RENDERED_APART_CHARACTERS = 1_000


class MessageRow(NamedTuple):
    """A row of `Message`; what it does not name gets its default."""

    room_id: int
    seq: int
    number: int
    author_id: int
    kind: str
    body: str
    html: str
    reply_to_id: int | None
    client_id: UUID | None
    created_at: datetime


class ReadMarker(NamedTuple):
    """What becomes of a row of `Membership` when its person speaks."""

    read_seq: int
    read_count: int
    mentions: int
    pk: int


@dataclass
class Post:
    """A message that somebody wants to send. `files` are the ids of uploads of theirs in the room;
    where there are some, `body` may say nothing. `html` is filled by `checked`."""

    author: User
    room: str
    body: str
    client_id: UUID | None = None
    reply_to: int | None = None
    files: tuple[UUID, ...] = ()
    html: str = field(default="", repr=False)
    is_checked: bool = field(default=False, repr=False)

    def checked(self) -> "Post":
        """Everything that can be said about a post without the database. The second time it is
        known already: what takes long is done before the post comes to the journal."""
        if self.is_checked:
            return self
        if not is_slug(self.room):
            # It might hold what PostgreSQL refuses for the whole batch.
            raise policy.no_room(self.room)
        if self.files and not self.body.strip():
            self.body = ""
        else:
            self.body = checked(self.body)
            self.html = markdown.render(self.body)
        self.is_checked = True
        return self


@dataclass(slots=True)
class NumberedPost:
    """A post that becomes a message: `told` is that message as JSON, once it has its key."""

    post: Post
    room: Room
    membership: int
    seq: int
    number: int
    files: list[Attachment] = field(default_factory=list)
    told: dict[str, object] = field(default_factory=dict)


def post_messages(posts: Sequence[Post]) -> list[PostOutcome]:
    """Write all of them in one transaction, each alone in its failing.

    Returns, in order, the message as JSON or the refusal. The same (author, client_id) again gets
    the message that is there already. Raises only what the database raises.
    """
    outcomes: list[PostOutcome | None] = [None] * len(posts)
    good: list[tuple[int, Post]] = []
    for index, post in enumerate(posts):
        try:
            good.append((index, post.checked()))
        except Refusal as refusal:
            outcomes[index] = refusal
    if good:
        with transaction.atomic():
            for (index, _), outcome in zip(good, _write([post for _, post in good]), strict=True):
                outcomes[index] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def post_message(post: Post) -> dict[str, object]:
    """One message, for REST and for other apps. Raises its refusal."""
    try:
        outcome = post_messages([post])[0]
    except IntegrityError:
        # Another process has just written this client_id; now it is there to be found.
        outcome = post_messages([post])[0]
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _write(posts: list[Post]) -> list[PostOutcome]:
    with writing_in_transaction(slugs={post.room for post in posts}) as logs:
        rooms = logs.by_slug()
        speaking = {(rooms[post.room].id, post.author.id) for post in posts if post.room in rooms}
        pace = paces.of(logs, speaking)
        found = statements.select_together(
            Membership, ("room_id", "user_id"), speaking, more=("muted_until",)
        )
        members = {(row.room_id, row.user_id): row.pk for row in found}
        muted = {
            (row.room_id, row.user_id): row.muted_until
            for row in found
            if row.muted_until is not None and row.muted_until > logs.at
        }
        known: dict[Intention, PostOutcome | NumberedPost] = {**_already_there(posts)}
        since = logs.at - REMEMBERED
        if any((room.last_deletion_at or since) > since for room in rooms.values()):
            known |= _deleted(posts)
        replied = _replied_to(posts)
        waiting = uploads.held_in_transaction({each for post in posts for each in post.files})
        outcomes: list[PostOutcome | NumberedPost] = []
        numbered: list[NumberedPost] = []
        for post in posts:
            author_id = post.author.id
            intention = (author_id, post.client_id)
            if post.client_id is not None and intention in known:
                outcomes.append(known[intention])
                continue
            try:
                room = rooms.get(post.room)
                if room is None:
                    raise policy.no_room(post.room)
                membership = members.get((room.id, author_id))
                if membership is None:
                    facts = lookup.facts_of(post.author, room, None)
                else:
                    # Of a membership counts here that there is one, and that it is not muted.
                    until = muted.get((room.id, author_id))
                    facts = Facts(room, Membership.Role.MEMBER.value, muted_until=until)
                if pace is not None:
                    facts = pace.facts(facts, author_id)
                policy.require("room.post", facts)
                if pace is not None:
                    pace.require_waited(facts, author_id)
                if post.reply_to is not None and replied.get(post.reply_to) != room.id:
                    raise NotFound(f"There is no message {post.reply_to} in {room.slug!r}.")
                waiting.require(post.files, author_id, room.id)
                if membership is None:
                    membership = add_member_in_transaction(logs, room, post.author).pk
                    members[room.id, author_id] = membership
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            if pace is not None:
                pace.posted(room, author_id)
            new = NumberedPost(post, room, membership, logs.take_seq(room), logs.take_number(room))
            if post.files:
                new.files = waiting.take(post.files)
                # Without words the files are named wherever words are read.
                post.body = post.body or _named(new.files)
            numbered.append(new)
            outcomes.append(new)
            if post.client_id is not None:
                known[intention] = new
        # First of all: somebody may speak, and be mentioned after it.
        _speakers_have_read(logs, numbered)
        if pace is not None:
            pace.keep_in_transaction()
        _insert(logs, numbered)
        for new in numbered:
            logs.append(new.room, "message.created", {"message": new.told}, seq=new.seq)
    return [outcome.told if isinstance(outcome, NumberedPost) else outcome for outcome in outcomes]


def _insert(logs: Logs, numbered: list[NumberedPost]) -> None:
    rows = [
        MessageRow(
            room_id=new.room.id,
            seq=new.seq,
            number=new.number,
            author_id=new.post.author.id,
            kind=Message.Kind.TEXT.value,
            body=new.post.body,
            html=new.post.html,
            reply_to_id=new.post.reply_to,
            client_id=new.post.client_id,
            created_at=logs.at,
        )
        for new in numbered
    ]
    keys = statements.insert_for_keys(Message, rows)
    parts: Iterable[Mapping[str, Any]] = repeat(message_parts.empty(), len(rows))
    if posted_messages.wanted((row.body, row.reply_to_id) for row in rows):
        parts = posted_messages.parts(logs, _posted(numbered, keys))
    for new, row, key, fields in zip(numbered, rows, keys, parts, strict=True):
        new.told = said(row, key, new.post.author, new.room.slug, fields)
        if new.files:
            new.told["attachments"] = uploads.attach_in_transaction(new.files, key, logs.at)


def _named(files: Iterable[Attachment]) -> str:
    names = ", ".join(row.name for row in files)
    return graphemes.cut(names, limits().message_characters, graphemes.ELLIPSIS)


def _posted(numbered: Sequence[NumberedPost], keys: Sequence[int]) -> list[PostedMessage]:
    return [
        PostedMessage(
            key,
            new.room,
            new.post.author,
            new.seq,
            new.post.body,
            new.post.reply_to,
            new.number,
            new.post.html,
        )
        for new, key in zip(numbered, keys, strict=True)
    ]


def _speakers_have_read(logs: Logs, numbered: list[NumberedPost]) -> None:
    """Authors have read what stands above their message."""
    read = {new.membership: ReadMarker(new.seq, new.number, 0, new.membership) for new in numbered}
    for new in numbered:
        logs.speakers.setdefault(new.room.id, {})[new.post.author.id] = new.number
    statements.update(Membership, list(read.values()))


def _already_there(posts: Iterable[Post]) -> dict[Intention, PostOutcome]:
    """Few posts come twice; those that do are told as they are now, if the author may still see
    the room that they are in."""
    wanted = {(post.author.id, post.client_id) for post in posts if post.client_id is not None}
    rows = statements.select_together(Message, ("author_id", "client_id"), wanted)
    if not rows:
        return {}
    whole = Message.objects.filter(pk__in=[row.pk for row in rows]).select_related("room", "author")
    return {
        (row.author_id or 0, row.client_id): _told_again(row)
        for row in whole.prefetch_related("attachments")
    }


def _deleted(posts: Iterable[Post]) -> dict[Intention, PostOutcome]:
    """What was said and is deleted is not said again by a client that never heard of it."""
    wanted = {(post.author.id, post.client_id) for post in posts if post.client_id is not None}
    rows = statements.select_together(DeletedPost, ("author_id", "client_id"), wanted)
    return {(row.author_id, row.client_id): WAS_DELETED for row in rows}


def _told_again(row: Message) -> PostOutcome:
    assert row.author is not None
    if row.deleted_at is not None:
        return WAS_DELETED
    hidden = policy.refusal("room.see", lookup.facts(row.author, row.room))
    return hidden or message_json(row, row.room.slug)


def _replied_to(posts: Iterable[Post]) -> dict[int, int]:
    wanted = {post.reply_to for post in posts if post.reply_to is not None}
    if not wanted:
        return {}
    there = Message.objects.filter(pk__in=wanted, deleted_at=None)
    return dict(there.values_list("pk", "room_id"))
