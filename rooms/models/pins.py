"""What people of a room have pinned, so that everybody finds it."""

from django.db import models
from django.utils import timezone

from .messages import Message
from .people import User
from .rooms import Room


class Pin(models.Model):
    """That a message is pinned. `seq` is that of the event that announced it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="pins", db_index=False)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="pin")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    seq = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="one_pin_a_seq")]

    def __str__(self) -> str:
        return f"{self.message} in {self.room}"
