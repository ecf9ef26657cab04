"""What is said in rooms."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rooms.text import graphemes

from .people import User
from .rooms import Room


class Message(models.Model):
    """Something said. `seq` is that of the `message.created` event that announced it.

    Apps leave messages of their own kinds, which they register with `protocol.parts`; `subject` is
    what such a message is about, in the app's own tables.
    """

    class Kind(models.TextChoices):
        TEXT = "text"

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.BigIntegerField()
    number = models.BigIntegerField(help_text="The room's message_count with this message.")
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    kind = models.CharField(max_length=16, default=Kind.TEXT)
    body = models.TextField()
    html = models.TextField()
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replies"
    )
    client_id = models.UUIDField(null=True, blank=True)
    # The column is called as it was when one app alone left messages.
    subject = models.UUIDField(null=True, blank=True, db_column="job")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_a_seq"),
            models.UniqueConstraint(
                fields=["author", "client_id"],
                condition=Q(client_id__isnull=False),
                name="one_message_a_client_id",
            ),
        ]

    def __str__(self) -> str:
        return graphemes.cut(self.body, 60, graphemes.ELLIPSIS)
