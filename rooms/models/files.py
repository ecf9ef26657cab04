"""Files in rooms."""

import uuid

from django.db import models
from django.utils import timezone

from .messages import Message
from .people import User
from .rooms import Room


def attachment_path(attachment: "Attachment", _name: str) -> str:
    """Nothing of the user's file name reaches the file system."""
    return f"attachments/{attachment.id.hex[:2]}/{attachment.id.hex}"


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
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name
