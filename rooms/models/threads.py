"""Threads: a message of a room, and all that answers it or an answer of it."""

from django.db import models

from .messages import Message
from .people import User


class Thread(models.Model):
    """That somebody has answered the message `root`. `replies` counts the answers that are not
    deleted; `last_seq` is that of the event by which it has changed last."""

    root = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True)
    replies = models.PositiveIntegerField(default=0)
    last_seq = models.BigIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.replies} replies to {self.root}"


class ThreadReply(models.Model):
    """That a message belongs to a thread. Later messages have greater keys."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="thread_reply"
    )
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, db_index=False, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["thread", "message"], name="replies_of_thread")]

    def __str__(self) -> str:
        return f"{self.message} in a thread"


class ThreadFollow(models.Model):
    """Whether somebody is told of a thread's replies. Who has no row is not."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, db_index=False, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    follows = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "user"], name="one_thread_follow")]

    def __str__(self) -> str:
        return f"{self.user}: {'follows' if self.follows else 'does not follow'} {self.thread_id}"
