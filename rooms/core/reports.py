"""Messages that programs leave in rooms. Called by slices and by other apps, inside a transaction
of their own."""

from collections.abc import Sequence
from uuid import UUID

from rooms.models import Attachment, Message, Room, User

from . import changed_messages, markdown, posted_messages
from .log import Logs
from .posted_messages import PostedMessage
from .representations import message as message_json


def report_in_transaction(
    logs: Logs,
    room: Room,
    author: User | None,
    body: str,
    kind: str,
    subject: UUID,
    attachments: Sequence[Attachment] = (),
    *,
    as_written: bool = False,
) -> Message:
    """A message of an app's own `kind`, about `subject`. Inside the app's own transaction.

    `as_written`: `body` is no Markdown, but words of a program that never heard of it.
    """
    row = Message.objects.create(
        room=room,
        seq=logs.take_seq(room),
        number=logs.take_number(room),
        author=author,
        kind=kind,
        body=body,
        html=markdown.as_written(body) if as_written else markdown.render(body),
        subject=subject,
        created_at=logs.at,
    )
    for attachment in attachments:
        attachment.message = row
        attachment.save(update_fields=["message"])
    payload = {"message": message_json(row, room.slug)}
    logs.append(room, "message.created", payload, seq=row.seq)
    return row


def say_in_transaction(
    logs: Logs, room: Room, author: User, body: str, html: str, subject: UUID
) -> Message:
    """What a program says as somebody: a message like those of people, who may be mentioned in it.
    Whether it may is the caller's affair. `body` is checked (`message_text`), and `html` it
    rendered."""
    row = Message.objects.create(
        room=room,
        seq=logs.take_seq(room),
        number=logs.take_number(room),
        author=author,
        body=body,
        html=html,
        subject=subject,
        created_at=logs.at,
    )
    if posted_messages.wanted([(body, None)]):
        said = PostedMessage(row.pk, room, author, row.seq, body, None, row.number, row.html)
        posted_messages.parts(logs, [said])
    payload = {"message": message_json(row, room.slug)}
    logs.append(room, "message.created", payload, seq=row.seq)
    return row


def say_anew_in_transaction(logs: Logs, room: Room, row: Message, body: str, html: str) -> None:
    """Have a program's message say something else. What it said before is not kept."""
    if row.body == body:
        return
    seq = logs.take_seq(room)
    row.body, row.html, row.edited_at = body, html, logs.at
    row.save(update_fields=["body", "html", "edited_at"])
    changed_messages.was_edited(logs, room, row)
    payload = {"message": message_json(row, room.slug)}
    logs.append(room, "message.edited", payload, seq=seq)
