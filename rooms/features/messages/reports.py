"""Messages that programs leave in rooms. Called by other apps."""

from collections.abc import Sequence
from uuid import UUID

from rooms.core import markdown
from rooms.core.log import Logs
from rooms.core.representations import message as message_json
from rooms.models import Attachment, Message, Room, User


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
