"""Who is muted in a room, and what was done there by who looks after it."""

from django.db import models
from django.utils import timezone

from .people import User
from .rooms import Room

REASON_CHARACTERS = 250
DETAILS_CHARACTERS = 250


class Mute(models.Model):
    """Who only reads in a room for a while. `Membership.muted_until` says the same of a member; the
    mute stays when they leave, because coming back is no way around it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mutes", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mutes")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=REASON_CHARACTERS, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_mute")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class ModerationEntry(models.Model):
    """One thing that was done in a room by who looks after it, or by the site's staff.

    `name` is of somebody that the room's moderators do not know, as they typed it: see `Ban`.
    `reason` is what was given as one, for the moderators; `details` say what was changed.
    """

    class Deed(models.TextChoices):
        REMOVE = "remove"
        BAN = "ban"
        UNBAN = "unban"
        MUTE = "mute"
        UNMUTE = "unmute"
        ROLE = "role"
        DELETE = "delete"
        SETTINGS = "settings"

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="moderation_log", db_index=False
    )
    at = models.DateTimeField(default=timezone.now, db_index=True)
    # Empty: the site's staff, or somebody whose account is gone.
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=10, choices=Deed.choices)
    target = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=150, blank=True, default="")
    reason = models.CharField(max_length=REASON_CHARACTERS, blank=True, default="")
    details = models.CharField(max_length=DETAILS_CHARACTERS, blank=True, default="")

    class Meta:
        verbose_name_plural = "moderation entries"
        indexes = [models.Index(fields=["room", "id"], name="moderation_of_room")]

    def __str__(self) -> str:
        return f"{self.action} in {self.room}"
