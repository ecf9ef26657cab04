"""Who is mentioned in which message."""

from django.db import models

from .messages import Message
from .people import User
from .rooms import Room


class Mention(models.Model):
    """A message mentions somebody. `number` is the message's: by it a mention is read or not.

    `name` is what stands behind the `@`. It is empty for those who are mentioned with everybody of
    the room, which a row without a person says.
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    number = models.BigIntegerField()
    name = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_mention")]
        indexes = [models.Index(fields=["room", "user", "number"], name="mention_in_room")]

    def __str__(self) -> str:
        return f"@{self.name or self.user}"
