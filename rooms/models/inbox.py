"""What waits for somebody until they say that it is done."""

from django.db import models

from .messages import Message
from .people import User
from .rooms import Room


class InboxEntry(models.Model):
    """A message concerns somebody: it mentions them, answers what they have said, is in a thread
    that they follow, or they have saved it for later. One entry a message, whatever of it all."""

    class Kind(models.TextChoices):
        MENTION = "mention"
        REPLY = "reply"
        THREAD = "thread"
        SAVED = "saved"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_inbox_entry")]
        indexes = [models.Index(fields=["user", "done_at"], name="inbox_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"
