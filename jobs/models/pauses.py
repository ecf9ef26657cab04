"""A queue or a kind of which nothing is begun for a while."""

from django.db import models
from django.db.models import Q

from rooms.models import User


class Pause(models.Model):
    """One row each time that somebody pauses; it stays for a while as history."""

    class Target(models.TextChoices):
        QUEUE = "queue"
        KIND = "kind"

    target = models.CharField(max_length=5, choices=Target.choices)
    name = models.CharField(max_length=80)
    reason = models.CharField(max_length=200, blank=True, help_text="Why, for the others on duty.")
    paused_at = models.DateTimeField()
    paused_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-paused_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "name"],
                condition=Q(resumed_at__isnull=True),
                name="one_pause_a_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.name}"
