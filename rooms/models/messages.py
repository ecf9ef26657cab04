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
    # Of these a post names none: the database's default stands for them.
    edited_at = models.DateTimeField(null=True, blank=True, default=None, db_default=None)
    # Of what was deleted the row stays, without its text, only where something answers it.
    deleted_at = models.DateTimeField(null=True, blank=True, default=None, db_default=None)
    deleted_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages_deleted",
        db_index=False,
        default=None,
        db_default=None,
    )

    class Meta:
        # Few rows have one: the others are in no index for it.
        indexes = [
            models.Index(
                fields=["deleted_by"],
                condition=Q(deleted_by__isnull=False),
                name="message_deleted_by",
            )
        ]
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


class MessageEdit(models.Model):
    """What a message said before it was edited. `seq` is that of the `message.edited` event that
    announced what took its place, `written_at` when this was written."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="edits", db_index=False
    )
    seq = models.BigIntegerField()
    body = models.TextField()
    written_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["message", "seq"]
        constraints = [models.UniqueConstraint(fields=["message", "seq"], name="one_edit_a_seq")]

    def __str__(self) -> str:
        return graphemes.cut(self.body, 60, graphemes.ELLIPSIS)


class DeletedPost(models.Model):
    """That somebody said something which is deleted since, by the number that their client gave it:
    sent once more, by a client that never heard the answer, it is not said again."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    client_id = models.UUIDField()
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "client_id"], name="one_deleted_post")
        ]

    def __str__(self) -> str:
        return f"{self.client_id} of {self.author}"
