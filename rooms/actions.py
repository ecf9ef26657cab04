"""Every write to rooms. Each action decides by `policy`, changes the rows and tells the log, in one
transaction; what is not kept is whispered after it.

What people say is written by `posting`, whose functions are at hand here as well.
Called by the journal (socket), the REST API, the admin, commands, and by other apps.
"""

import secrets
from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.text import slugify

from . import bell, markdown, policy, statements
from .limits import limits
from .log import Logs, writing_in_transaction
from .members import add_member_in_transaction, remove_member_in_transaction
from .models import ApiToken, Attachment, Membership, Message, Room, User
from .posting import Outcome as Outcome
from .posting import Post as Post
from .posting import post_message as post_message
from .posting import post_messages as post_messages
from .protocol import Conflict, Invalid
from .representations import message as message_json
from .representations import person
from .standing import find_room


def memberships(user: User) -> list[tuple[int, str, int, int, int]]:
    """(room id, slug, messages read, head, messages in all) of the user's rooms."""
    mine = {row.room_id: row for row in statements.select(Membership, user_id=[user.pk])}
    return [
        (room.pk, room.slug, mine[room.pk].read_count, room.last_seq, room.message_count)
        for room in statements.select(Room, id=mine)
    ]


# Reports and files ------------------------------------------------------------------------------


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
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        if room.pk not in logs.rooms:
            raise policy.no_room(slug)
        room = logs.rooms[room.pk]
        membership = Membership.objects.filter(room=room, user=user).first()
        policy.require_join(room, membership)
        if membership is None:
            membership = add_member_in_transaction(logs, room, user, role)
    return room, membership


def leave(user: User, slug: str) -> Room:
    """Stop being a member. The last owner of a closed room cannot."""
    room, _ = find_room(user, slug)
    with transaction.atomic(), writing_in_transaction([room.pk]) as logs:
        if room.pk not in logs.rooms:
            raise policy.no_room(slug)
        room = logs.rooms[room.pk]
        membership = Membership.objects.filter(room=room, user=user).first()
        policy.require_leave(room, membership, other_owners(room, user))
        assert membership is not None
        remove_member_in_transaction(logs, room, membership)
    return room


def other_owners(room: Room, user: User) -> int:
    owners = room.memberships.filter(role=Membership.Role.OWNER)
    return owners.exclude(user=user).count()


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
