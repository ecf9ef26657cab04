"""The log of each room."""

import json
from typing import Any

from django.db import models

from .rooms import Room


class Event(models.Model):
    """One entry of a room's log, as every subscriber is told it. Written by `log` alone."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    type = models.CharField(max_length=40)
    # Text, because PostgreSQL's jsonb would not give back the same bytes: it sorts keys, and makes
    # of 1e100 a whole number that no client reads.
    encoded = models.TextField(help_text="The payload, as JSON.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["room", "seq"]
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="one_event_a_seq")]
        indexes = [models.Index(fields=["at"], name="event_at")]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    @property
    def payload(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.encoded)
        return value
