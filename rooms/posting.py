"""Messages that people write: any number of them in one transaction, each alone in its failing.

This is the path of every message, so its statements are put together by hand (`statements`).
Called by the journal (socket), REST, commands and other apps, the latter by way of `actions`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction

from . import markdown, policy, statements
from .limits import limits
from .log import Logs, writing_in_transaction
from .members import add_member_in_transaction
from .models import Membership, Message, Room, User, is_slug
from .protocol import Invalid, NotFound, Refusal
from .representations import message as message_json

Outcome = dict[str, object] | Refusal


@dataclass
class Post:
    """A message that somebody wants to send. `html` is filled by `checked`."""

    author: User
    room: str
    body: str
    client_id: UUID | None = None
    reply_to: int | None = None
    html: str = field(default="", repr=False)

    def checked(self) -> "Post":
        """Everything that can be said about a post without the database."""
        if not is_slug(self.room):
            # It might hold what PostgreSQL refuses for the whole batch.
            raise policy.no_room(self.room)
        self.body = self.body.replace("\r\n", "\n").strip()
        if not self.body:
            raise Invalid("A message needs some text.")
        if "\x00" in self.body:
            raise Invalid("A message cannot hold the NUL character.")
        most = limits().message_characters
        if len(self.body) > most:
            raise Invalid(
                f"A message has at most {most:,} characters; this one has {len(self.body):,}.",
                "too_long",
            )
        try:
            self.body.encode()
        except UnicodeEncodeError:
            raise Invalid("A message must be valid Unicode text.") from None
        self.html = markdown.render(self.body)
        return self


def post_messages(posts: Sequence[Post]) -> list[Outcome]:
    """Write all of them in one transaction, each alone in its failing.

    Returns, in order, the message as JSON or the refusal. The same (author, client_id) again gets
    the message that is there already. Raises only what the database raises.
    """
    outcomes: list[Outcome | None] = [None] * len(posts)
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


def _write(posts: list[Post]) -> list[Outcome]:
    with writing_in_transaction(slugs={post.room for post in posts}) as logs:
        rooms = logs.by_slug()
        speaking = {(rooms[post.room].pk, post.author.pk) for post in posts if post.room in rooms}
        members = {
            (row.room_id, row.user_id): row
            for row in statements.select_together(Membership, ("room_id", "user_id"), speaking)
        }
        known = _already_there(posts)
        replied = _replied_to(posts)
        outcomes: list[Outcome | Message] = []
        fresh: list[Message] = []
        for post in posts:
            key = (post.author.pk, post.client_id)
            if post.client_id is not None and key in known:
                outcomes.append(known[key])
                continue
            try:
                room = rooms.get(post.room)
                if room is None:
                    raise policy.no_room(post.room)
                membership = members.get((room.pk, post.author.pk))
                policy.require_post(room, membership)
                if post.reply_to is not None and replied.get(post.reply_to) != room.pk:
                    raise NotFound(f"There is no message {post.reply_to} in {room.slug!r}.")
                if membership is None:
                    members[room.pk, post.author.pk] = add_member_in_transaction(
                        logs, room, post.author
                    )
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            row = _new_message(logs, room, post)
            fresh.append(row)
            outcomes.append(row)
            if post.client_id is not None:
                known[key] = row
        statements.insert(fresh, with_keys=True)
        _speakers_have_read(logs, fresh, members)
        told = {row.pk: message_json(row, row.room.slug) for row in fresh}
        for row in fresh:
            logs.append(row.room, "message.created", {"message": told[row.pk]}, seq=row.seq)
    return [
        (told.get(outcome.pk) or message_json(outcome, outcome.room.slug))
        if isinstance(outcome, Message)
        else outcome
        for outcome in outcomes
    ]


def _new_message(logs: Logs, room: Room, post: Post) -> Message:
    return Message(
        room=room,
        seq=logs.take_seq(room),
        number=logs.take_number(room),
        author=post.author,
        body=post.body,
        html=post.html,
        client_id=post.client_id,
        reply_to_id=post.reply_to,
        created_at=logs.at,
    )


def _speakers_have_read(
    logs: Logs, fresh: list[Message], members: dict[tuple[int, int], Membership]
) -> None:
    """Whoever speaks has read what stands above."""
    moved: dict[int, Membership] = {}
    for row in fresh:
        author_id = row.author_id or 0
        membership = members[row.room_id, author_id]
        membership.read_seq, membership.read_count = row.seq, row.number
        moved[membership.pk] = membership
        logs.speakers.setdefault(row.room_id, {})[author_id] = row.number
    statements.update(moved.values(), "read_seq", "read_count")


def _already_there(posts: Iterable[Post]) -> dict[tuple[int, UUID | None], Message]:
    """Few posts come twice; those that do are told as they were written."""
    wanted = {(post.author.pk, post.client_id) for post in posts if post.client_id is not None}
    rows = statements.select_together(Message, ("author_id", "client_id"), wanted)
    found = [row.pk for row in rows]
    if not found:
        return {}
    whole = Message.objects.filter(pk__in=found).select_related("room", "author")
    return {(row.author_id or 0, row.client_id): row for row in whole}


def _replied_to(posts: Iterable[Post]) -> dict[int, int]:
    wanted = {post.reply_to for post in posts if post.reply_to is not None}
    if not wanted:
        return {}
    return dict(Message.objects.filter(pk__in=wanted).values_list("pk", "room_id"))
