"""A poll and its votes: one a person."""

import uuid

from django.db import models

from rooms.models import Room, User


class Poll(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    question = models.CharField(max_length=200)
    options = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "client_id"], name="one_poll_a_client_id")
        ]

    def __str__(self) -> str:
        return self.question


class Vote(models.Model):
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    option = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "user"], name="one_vote")]

    def __str__(self) -> str:
        return f"{self.option} by {self.user}"
