"""Files in rooms."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .messages import Message
from .people import User
from .rooms import Room


def attachment_path(attachment: "Attachment", _name: str) -> str:
    """Nothing of the user's file name reaches the file system."""
    return f"attachments/{attachment.id.hex[:2]}/{attachment.id.hex}"


def preview_path(attachment: "Attachment", _name: str) -> str:
    return f"{attachment_path(attachment, '')}.preview"


class Attachment(models.Model):
    """A file in a room: of a message, or of an app. Only those who see the room get it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="attachments")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    # Of a picture whose file says so, as a browser shows it.
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    file = models.FileField(upload_to=attachment_path, max_length=200)
    # Of a large picture, or one that moves: what the stream shows of it.
    preview = models.FileField(
        upload_to=preview_path, max_length=200, blank=True, default="", db_default=""
    )
    # Brought by its owner, to be sent with a message; without one it goes after a while.
    is_upload = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(
                fields=["owner", "created_at"],
                condition=Q(is_upload=True),
                name="attachment_uploads",
            ),
            models.Index(fields=["room", "message"], name="files_of_room"),
        ]

    def __str__(self) -> str:
        return self.name
