"""Keeping files. Called by other apps."""

from django.core.files.base import File

from rooms.limits import limits
from rooms.models import Attachment, Room, User
from rooms.protocol import Invalid
from rooms.text import graphemes

from . import picture_size

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
    row.width, row.height = _picture_size(content_type, content)
    row.file.save("unused", content, save=False)
    row.save(force_insert=True)
    return row


def _picture_size(content_type: str, content: "File[bytes]") -> tuple[int, int] | tuple[None, None]:
    """What is read is given back: the file is stored from its beginning."""
    if content_type not in picture_size.READERS:
        return None, None
    content.seek(0)
    head = content.read(picture_size.HEAD_BYTES)
    content.seek(0)
    return picture_size.of(content_type, head) or (None, None)
