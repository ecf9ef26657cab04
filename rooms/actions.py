"""Every write to rooms. Each action decides by `policy`, changes the rows and tells the log, in one
transaction; what is not kept is whispered after it.

Called by the journal (socket), the REST API, the admin, commands, and by other apps.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils.text import slugify

from . import bell, markdown, policy
from .limits import limits
from .log import Logs, writing_in_transaction
from .models import ApiToken, Attachment, Membership, Message, Room, User, is_slug
from .protocol import Conflict, Invalid, NotFound, Refusal
from .representations import member as member_json
from .representations import message as message_json
from .representations import person

Outcome = dict[str, object] | Refusal


# Looking up ---------------------------------------------------------------------------------------


def memberships(user: User) -> list[tuple[int, str, int, int, int]]:
    """(room id, slug, messages read, head, messages in all) of the user's rooms."""
    rows = Membership.objects.filter(user=user).values_list(
        "room_id", "room__slug", "read_count", "room__last_seq", "room__message_count"
    )
    return list(rows)


def find_room(user: User, slug: str) -> tuple[Room, Membership | None]:
    """A room that `user` may see, with their membership, or NotFound."""
    room = Room.objects.filter(slug=slug).first() if is_slug(slug) else None
    membership = Membership.objects.filter(room=room, user=user).first() if room else None
    return policy.require_see(room, membership, slug), membership


# Messages -----------------------------------------------------------------------------------------


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
    slugs = {post.room for post in posts}
    ids = Room.objects.filter(slug__in=slugs).values_list("pk", flat=True)
    with writing_in_transaction(list(ids)) as logs:
        rooms = logs.by_slug()
        authors = {post.author.pk for post in posts}
        members = {
            (row.room_id, row.user_id): row
            for row in Membership.objects.filter(room__in=logs.rooms, user__in=authors)
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
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            if membership is None:
                members[room.pk, post.author.pk] = add_member_in_transaction(
                    logs, room, post.author
                )
            row = _new_message(logs, room, post)
            fresh.append(row)
            outcomes.append(row)
            if post.client_id is not None:
                known[key] = row
        Message.objects.bulk_create(fresh)
        _speakers_have_read(logs, fresh, members)
        for row in fresh:
            payload = {"message": message_json(row, row.room.slug)}
            logs.append(row.room, "message.created", payload, seq=row.seq)
    return [
        message_json(outcome, outcome.room.slug) if isinstance(outcome, Message) else outcome
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
    if moved:
        Membership.objects.bulk_update(moved.values(), ["read_seq", "read_count"])


def _already_there(posts: Iterable[Post]) -> dict[tuple[int, UUID | None], Message]:
    wanted = {post.client_id for post in posts if post.client_id is not None}
    if not wanted:
        return {}
    rows = Message.objects.filter(
        client_id__in=wanted, author__in={post.author.pk for post in posts}
    ).select_related("room", "author")
    return {(row.author_id or 0, row.client_id): row for row in rows}


def _replied_to(posts: Iterable[Post]) -> dict[int, int]:
    wanted = {post.reply_to for post in posts if post.reply_to is not None}
    if not wanted:
        return {}
    return dict(Message.objects.filter(pk__in=wanted).values_list("pk", "room_id"))


def report_in_transaction(
    logs: Logs,
    room: Room,
    author: User | None,
    body: str,
    job: UUID,
    attachments: Sequence[Attachment] = (),
) -> Message:
    """The message that a job leaves in its room when it ends. Inside the job's own transaction."""
    row = Message.objects.create(
        room=room,
        seq=logs.take_seq(room),
        number=logs.take_number(room),
        author=author,
        kind=Message.Kind.JOB,
        body=body,
        html=markdown.render(body),
        job=job,
        created_at=logs.at,
    )
    for attachment in attachments:
        attachment.message = row
        attachment.save(update_fields=["message"])
    payload = {"message": message_json(row, room.slug, list(attachments))}
    logs.append(room, "message.created", payload, seq=row.seq)
    return row


def attach(
    room: Room | None, owner: User | None, name: str, content_type: str, content: "File[bytes]"
) -> Attachment:
    """Keep a file. It is shown once something refers to it."""
    size = content.size
    if size > limits().upload_bytes:
        raise Invalid(
            f"A file has at most {limits().upload_bytes:,} bytes; {name} has {size:,}.", "too_long"
        )
    row = Attachment(room=room, owner=owner, name=name[-120:], content_type=content_type, size=size)
    row.file.save("unused", content, save=False)
    row.save(force_insert=True)
    return row


# Rooms and members --------------------------------------------------------------------------------


def create_room(
    user: User,
    slug: str,
    name: str,
    topic: str = "",
    visibility: str = Room.Visibility.PUBLIC,
) -> Room:
    """A new room with `user` as its owner. Raises Conflict when the slug is taken."""
    room = Room(slug=slug, name=name, topic=topic, visibility=visibility, created_by=user)
    check_fields(room)
    try:
        with transaction.atomic():
            room.save(force_insert=True)
            with writing_in_transaction([room.pk]) as logs:
                room = logs.rooms[room.pk]
                add_member_in_transaction(logs, room, user, Membership.Role.OWNER)
    except IntegrityError:
        raise Conflict(f"There is a room {slug!r} already; choose another slug.") from None
    return room


def create_room_named(
    user: User, name: str, topic: str = "", visibility: str = Room.Visibility.PUBLIC
) -> Room:
    """A new room whose slug is made of its name, with some letters more when that is taken."""
    stem = slugify(name).replace("_", "-").strip("-")[:56].strip("-") or "room"
    try:
        return create_room(user, stem, name, topic, visibility)
    except Conflict:
        return create_room(user, f"{stem}-{secrets.token_hex(3)}", name, topic, visibility)


def check_fields(row: Model) -> None:
    """What the columns take, said before the database says it. SQLite would take anything."""
    try:
        row.clean_fields()
    except ValidationError as error:
        found = [
            {"pointer": f"/{name}", "message": message}
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        text = "; ".join(f"{each['pointer'][1:]}: {each['message']}" for each in found)
        raise Invalid(text, errors=found) from None


def join(user: User, slug: str, role: str = Membership.Role.MEMBER) -> tuple[Room, Membership]:
    """Become a member. Joining twice is joining once."""
    room, membership = find_room(user, slug)
    policy.require_join(room, membership)
    if membership is not None:
        return room, membership
    try:
        with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
            room = logs.rooms[room.pk]
            membership = add_member_in_transaction(logs, room, user, role)
    except IntegrityError:
        return find_room(user, slug)[0], Membership.objects.get(room=room, user=user)
    return room, membership


def add_member_in_transaction(
    logs: Logs, room: Room, user: User, role: str = Membership.Role.MEMBER
) -> Membership:
    """A newcomer has read everything: what was said before is not addressed to them."""
    row = Membership.objects.create(
        room=room, user=user, role=role, read_seq=room.last_seq, read_count=room.message_count
    )
    logs.append(room, "member.joined", {"member": member_json(row)})
    facts = (user.pk, room.pk, room.slug, row.read_count, row.read_seq, row.read_count)
    transaction.on_commit(lambda: bell.watch(*facts), robust=True)
    return row


def leave(user: User, slug: str) -> Room:
    """Stop being a member. The last owner of a closed room cannot."""
    room, _ = find_room(user, slug)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        room = logs.rooms[room.pk]
        membership = Membership.objects.filter(room=room, user=user).first()
        owners = room.memberships.filter(~Q(user=user), role=Membership.Role.OWNER).count()
        policy.require_leave(room, membership, owners)
        assert membership is not None
        remove_member_in_transaction(logs, room, membership)
    return room


def remove_member_in_transaction(logs: Logs, room: Room, membership: Membership) -> None:
    user = membership.user
    membership.delete()
    logs.append(room, "member.left", {"member": {"user": person(user)}})
    facts = (user.pk, room.pk, room.slug, None, room.last_seq, room.message_count)
    transaction.on_commit(lambda: bell.watch(*facts), robust=True)


def mark_read(user: User, slug: str, seq: int) -> None:
    """Move the read cursor forward; never back. Who only looks in has none, and that is fine."""
    room, membership = find_room(user, slug)
    if membership is None:
        return
    seq = min(seq, room.last_seq)
    read = Message.objects.filter(room=room, seq__lte=seq).order_by("-seq").first()
    count = read.number if read else membership.read_count
    moved = Membership.objects.filter(pk=membership.pk, read_seq__lt=seq).update(
        read_seq=seq, read_count=count
    )
    if not moved:
        return
    bell.watch(user.pk, room.pk, room.slug, count, room.last_seq, room.message_count)
    event = {"type": "read", "room": room.slug, "user": person(user), "seq": seq}
    if room.memberships.count() <= limits().presence_names:
        bell.whisper(room.pk, f"read:{user.pk}", event)
    else:
        bell.tell(user.pk, f"read:{room.pk}", event)


# Tokens -------------------------------------------------------------------------------------------


def create_token(user: User, name: str) -> str:
    """A new API token: the only time that it can be seen."""
    secret = ApiToken.new_secret()
    ApiToken.objects.create(user=user, name=name, digest=ApiToken.digest_of(secret))
    return secret


def revoke_token(user: User, pk: int) -> None:
    """The token opens nothing any more. Revoking twice is revoking once."""
    ApiToken.objects.filter(user=user, pk=pk).delete()
