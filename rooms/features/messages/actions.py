"""Messages that people write: any number of them in one transaction; each can fail on its own.

This is the path of every message, so its statements are put together by hand (`statements`).
Called by the journal (socket), REST, commands and other apps, the latter by way of `actions`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction

from rooms.core import lookup, markdown, message_parts, policy, posted_messages, statements
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.policy import Facts
from rooms.core.posted_messages import PostedMessage
from rooms.core.representations import message as message_json
from rooms.core.representations import said
from rooms.limits import limits
from rooms.models import Membership, Message, Room, User, is_slug
from rooms.protocol import Invalid, NotFound, Refusal
from rooms.text import visible

PostOutcome = dict[str, object] | Refusal
# An author and the client_id of what they want to say.
Intention = tuple[int, UUID | None]

_blank_lines = re.compile(r"\A(?:[^\S\n]*\n)+")


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
    pk: int


def checked_body(body: str) -> str:
    """What is kept of a text that somebody wrote. Raises Invalid."""
    # Blank lines say nothing; what stands before the first word may make it code.
    body = _blank_lines.sub("", body.replace("\r\n", "\n"), 1).rstrip()
    most = limits().message_characters
    if len(body) > most:
        raise Invalid(
            f"A message has at most {most:,} characters; this one has {len(body):,}.", "too_long"
        )
    if not visible.shows(body):
        raise Invalid("A message needs some text that can be seen.")
    if "\x00" in body:
        raise Invalid("A message cannot hold the NUL character.")
    try:
        body.encode()
    except UnicodeEncodeError:
        raise Invalid("A message must be valid Unicode text.") from None
    return body


@dataclass
class Post:
    """A message that somebody wants to send. `html` is filled by `checked`, then never empty."""

    author: User
    room: str
    body: str
    client_id: UUID | None = None
    reply_to: int | None = None
    html: str = field(default="", repr=False)

    def checked(self) -> "Post":
        """Everything that can be said about a post without the database. The second time it is
        known already: what takes long is done before the post comes to the journal."""
        if self.html:
            return self
        if not is_slug(self.room):
            # It might hold what PostgreSQL refuses for the whole batch.
            raise policy.no_room(self.room)
        self.body = checked_body(self.body)
        self.html = markdown.render(self.body)
        return self


@dataclass(slots=True)
class NumberedPost:
    """A post that becomes a message: `told` is that message as JSON, once it has its key."""

    post: Post
    room: Room
    membership: int
    seq: int
    number: int
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
        members = {
            (room_id, user_id): pk
            for pk, room_id, user_id in statements.select_together(
                Membership, ("room_id", "user_id"), speaking
            )
        }
        known: dict[Intention, PostOutcome | NumberedPost] = {**_already_there(posts)}
        replied = _replied_to(posts)
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
                    # Of a membership counts here that there is one.
                    facts = Facts(room, Membership.Role.MEMBER.value)
                policy.require("room.post", facts)
                if post.reply_to is not None and replied.get(post.reply_to) != room.id:
                    raise NotFound(f"There is no message {post.reply_to} in {room.slug!r}.")
                if membership is None:
                    membership = add_member_in_transaction(logs, room, post.author).pk
                    members[room.id, author_id] = membership
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            new = NumberedPost(post, room, membership, logs.take_seq(room), logs.take_number(room))
            numbered.append(new)
            outcomes.append(new)
            if post.client_id is not None:
                known[intention] = new
        _insert(logs, numbered)
        _speakers_have_read(logs, numbered)
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
    if posted_messages.wanted():
        parts = posted_messages.parts(logs, _posted(numbered, keys))
    for new, row, key, fields in zip(numbered, rows, keys, parts, strict=True):
        new.told = said(row, key, new.post.author, new.room.slug, fields)


def _posted(numbered: Sequence[NumberedPost], keys: Sequence[int]) -> list[PostedMessage]:
    return [
        PostedMessage(key, new.room, new.post.author, new.seq, new.post.body, new.post.reply_to)
        for new, key in zip(numbered, keys, strict=True)
    ]


def _speakers_have_read(logs: Logs, numbered: list[NumberedPost]) -> None:
    """Authors have read what stands above their message."""
    read = {new.membership: ReadMarker(new.seq, new.number, new.membership) for new in numbered}
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


def _told_again(row: Message) -> PostOutcome:
    assert row.author is not None
    hidden = policy.refusal("room.see", lookup.facts(row.author, row.room))
    return hidden or message_json(row, row.room.slug)


def _replied_to(posts: Iterable[Post]) -> dict[int, int]:
    wanted = {post.reply_to for post in posts if post.reply_to is not None}
    if not wanted:
        return {}
    return dict(Message.objects.filter(pk__in=wanted).values_list("pk", "room_id"))
