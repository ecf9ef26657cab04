"""Addresses of other programs that are told when jobs end."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rooms.models import Room, User


class Webhook(models.Model):
    """A delivery is a job of the kind `jobs.webhook` that names it (`Job.webhook`); a job that is
    submitted with a webhook of its requester's own names that one."""

    class Scope(models.TextChoices):
        """Of which jobs it is told."""

        SITE = "site", "all jobs of the site"
        ROOM = "room", "all jobs of a room"
        OWN = "own", "one's own jobs that name it"

    scope = models.CharField(max_length=4, choices=Scope.choices)
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    owner = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="webhooks",
        help_text="Who made it.",
    )
    url = models.CharField(max_length=2000)
    # As it is: what is signed with it has to be signed again and again.
    secret = models.CharField(max_length=100, editable=False)
    kind = models.CharField(max_length=80, blank=True, help_text="Empty: all kinds.")
    only_failures = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="room", room__isnull=False)
                | (~Q(scope="room") & Q(room__isnull=True)),
                name="webhook_of_a_room_has_one",
            )
        ]

    def __str__(self) -> str:
        return self.url[:80]
