"""Keeping files. Called by other apps."""

from django.core.files.base import File

from rooms.limits import limits
from rooms.models import Attachment, Room, User
from rooms.protocol import Invalid
from rooms.text import graphemes

NAME_CHARACTERS = 120


def attach(
    room: Room | None, owner: User | None, name: str, content_type: str, content: "File[bytes]"
) -> Attachment:
    """Keep a file. It is shown once something refers to it."""
    size = content.size
    if size > limits().upload_bytes:
        raise Invalid(
            f"A file has at most {limits().upload_bytes:,} bytes; {name} has {size:,}.", "too_long"
        )
    name = graphemes.last(name, NAME_CHARACTERS)
    row = Attachment(room=room, owner=owner, name=name, content_type=content_type, size=size)
    row.file.save("unused", content, save=False)
    row.save(force_insert=True)
    return row
