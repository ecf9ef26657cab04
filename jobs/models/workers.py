"""The processes that run jobs."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# It has not signed off, and renewed its lease in time, by the database's clock.
ALIVE = Q(ended_at=None, lease_expires_at__gt=Now())


class Worker(models.Model):
    """One process that runs jobs: a child of a prefork pool, or a worker with threads.

    Its one lease is that of all its jobs. When it is not renewed in time they are taken back, and
    whatever the process writes afterwards is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, help_text="What Celery calls it, its process excluded.")
    pid = models.PositiveIntegerField()
    process = models.UUIDField(
        null=True, blank=True, help_text="Of this process alone, unlike its pid."
    )
    pool = models.CharField(max_length=40, blank=True)
    capacity = models.PositiveIntegerField(default=1, help_text="Jobs that it can run at once.")
    queues = models.CharField(max_length=500, blank=True)
    version = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveBigIntegerField(default=0, help_text="Attempts that it has ended.")
    failed = models.PositiveBigIntegerField(default=0, help_text="Those that failed.")
    seconds_worked = models.FloatField(default=0)

    class Meta:
        ordering = ["name", "pid"]
        indexes = [
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(ended_at=None),
                name="worker_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}/{self.pid}"

    @property
    def mean_seconds(self) -> float | None:
        """Of its attempts that have ended; None: it has ended none."""
        return self.seconds_worked / self.done if self.done else None
