"""Links that let whoever holds them into a room."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from .people import User
from .rooms import Room


class InviteLinkQuerySet(models.QuerySet["InviteLink"]):
    def in_force(self) -> Self:
        """Those that have not run out, neither by their time nor by their uses."""
        has_time = Q(until=None) | Q(until__gt=timezone.now())
        return self.filter(has_time, Q(most_uses=None) | Q(uses__lt=F("most_uses")))


class InviteLink(models.Model):
    """Whoever has the link may become a member of the room. Only the hash of its secret is kept.

    `by` looks after the room: when they do not any more, their links go. `uses` counts those who
    came in by it.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invite_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="invite_links", editable=False
    )
    at = models.DateTimeField(default=timezone.now, editable=False)
    # None: until it is taken back.
    until = models.DateTimeField(null=True, blank=True)
    most_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InviteLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "invite link"

    def __str__(self) -> str:
        return f"link {self.pk} to {self.room}"

    @property
    def state(self) -> str:
        """`open`, or why it lets nobody in."""
        if self.until is not None and self.until <= timezone.now():
            return "expired"
        if self.most_uses is not None and self.uses >= self.most_uses:
            return "used_up"
        return "open" if self.by.is_active else "blocked"
