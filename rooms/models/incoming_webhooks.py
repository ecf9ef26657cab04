"""Addresses by which programs elsewhere post into a room."""

import uuid

from django.db import models
from django.utils import timezone

from .messages import Message
from .people import User
from .rooms import Room

KEY_CHARACTERS = 200


class IncomingWebhook(models.Model):
    """Whoever has its address may post into the room, as `bot`, which is nobody else's author and
    cannot log in. Only the hash of its secret is kept. Messages have its id as their `subject`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="incoming_webhooks")
    bot = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="incoming_webhook", editable=False
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    at = models.DateTimeField(default=timezone.now, editable=False)
    uses = models.PositiveIntegerField(default=0, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "incoming webhook"

    def __str__(self) -> str:
        return f"{self.bot.name} in {self.room}"


class WebhookMessage(models.Model):
    """Which message a sender means by a key of theirs: the next one with it takes its place."""

    webhook = models.ForeignKey(IncomingWebhook, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=KEY_CHARACTERS)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "key"], name="one_message_a_webhook_key")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.webhook_id}"
