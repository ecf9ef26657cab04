"""Files that people bring into a room, to be sent with a message. Called by REST."""

from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from rooms.core import lookup, person_lock, policy
from rooms.core.file_contents import contents_of, remove_contents_on_commit
from rooms.limits import limits
from rooms.models import Attachment, User
from rooms.protocol import Conflict, Invalid, NotFound
from rooms.text import graphemes, lines, visible

from . import pictures, sniffing
from .actions import NAME_CHARACTERS

# What is not sent by then goes.
WAITS = timedelta(days=1)
UNNAMED = "file"


def upload(user: User, slug: str, name: str, content: "File[bytes]") -> Attachment:
    """Keep a file until it is sent. Whoever may post in the room may bring one. Raises Refusals."""
    room, membership = lookup.find_room(user, slug)
    policy.require("room.post", lookup.facts_of(user, room, membership))
    size = content.size or 0
    if size > limits().upload_bytes:
        most = limits().upload_bytes
        raise Invalid(f"A file has at most {most:,} bytes; this one has {size:,}.", "too_long")
    if not size:
        raise Invalid("The file is empty.")
    _require_space(user, size)
    row = Attachment(room=room, owner=user, name=_name(name), is_upload=True)
    row.content_type = sniffing.content_type_of(_head(content))
    # A picture takes a moment, in which others can use it.
    connection.close()
    kept, preview = _made(row, content, size)
    row.size = kept.size or 0
    row.file.save("unused", kept, save=False)
    if preview is not None:
        row.preview.save("unused", ContentFile(preview), save=False)
    try:
        with transaction.atomic():
            person_lock.hold_in_transaction(user.pk)
            _require_space(user, row.size)
            row.save(force_insert=True)
    except BaseException:
        for file in (row.file, row.preview):
            if file:
                file.storage.delete(str(file.name))
        raise
    return row


def _head(content: IO[bytes]) -> bytes:
    content.seek(0)
    head = content.read(sniffing.HEAD_BYTES)
    content.seek(0)
    return head


def _made(row: Attachment, content: "File[bytes]", size: int) -> tuple["File[Any]", bytes | None]:
    """What is kept of it, and its preview."""
    if row.content_type not in pictures.FORMATS:
        return content, None
    picture = pictures.checked(content, row.content_type, size)
    row.width, row.height = picture.width, picture.height
    content.seek(0)
    kept = content if picture.content is None else ContentFile(picture.content)
    return kept, picture.preview


def _name(given: str) -> str:
    """The last part of what may be a path, as one line."""
    name = lines.one_line(given.replace("\\", "/").rpartition("/")[2].replace("\0", ""))
    name = "".join(each for each in name if not lines.strays(each))
    name = graphemes.last(name, NAME_CHARACTERS)
    return name if visible.shows(name) and name not in (".", "..") else UNNAMED


def _require_space(user: User, size: int) -> None:
    mine = Attachment.objects.filter(owner=user, is_upload=True)
    if mine.filter(message=None).count() >= limits().uploads_waiting:
        raise Conflict(
            f"{limits().uploads_waiting} of your files wait to be sent: send some first."
        )
    used = mine.aggregate(bytes=Sum("size"))["bytes"] or 0
    most = limits().upload_quota_bytes
    if used + size > most:
        raise Conflict(
            f"Your files have {used:,} of {most:,} bytes. Delete messages with files first."
        )


def take_back(user: User, pk: UUID) -> None:
    """A file that is not to be sent. Raises NotFound when it is not theirs, or was sent."""
    with transaction.atomic():
        rows = Attachment.objects.select_for_update().filter(
            pk=pk, owner=user, is_upload=True, message=None
        )
        row = rows.first()
        if row is None:
            raise NotFound("You have no such file that waits to be sent.")
        row.delete()
        remove_contents_on_commit(contents_of([row]))


def forgotten() -> int:
    """Sweeps away what was brought and never sent."""
    before = timezone.now() - WAITS
    rows = Attachment.objects.filter(is_upload=True, message=None, created_at__lte=before)
    count = 0
    for pk in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            row = rows.select_for_update().filter(pk=pk).first()
            if row is not None:
                row.delete()
                remove_contents_on_commit(contents_of([row]))
                count += 1
    return count
