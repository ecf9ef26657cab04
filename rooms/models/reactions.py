"""What people answer with one emoji."""

from django.db import models
from django.utils import timezone

from .messages import Message
from .people import User


class Reaction(models.Model):
    """One person's emoji on a message. `place` is that of the emoji among those of the message: it
    is the same for all who chose it, and stays while anybody does, so that nothing changes places.
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="reactions", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=32)
    place = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "emoji", "user"], name="one_reaction_an_emoji"
            )
        ]

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user}"
