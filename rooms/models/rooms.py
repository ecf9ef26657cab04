"""Rooms, who belongs to them, and who is kept out."""

import re
from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .names import Named
from .people import User

SLUG = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"

_slug = re.compile(SLUG)


def is_slug(text: str) -> bool:
    return _slug.fullmatch(text) is not None


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: User) -> Self:
        """Public rooms that the user is not banned from, and those they are a member of."""
        mine = Membership.objects.filter(user=user, room=models.OuterRef("pk"))
        bans = Ban.objects.in_force().filter(user=user, room=models.OuterRef("pk"))
        open_to_all = Q(visibility=Room.Visibility.PUBLIC) & ~Q(models.Exists(bans))
        return self.filter(Q(models.Exists(mine)) | open_to_all)


class Room(Named):
    """A place to talk. `last_seq` is the head of its log; the row's lock is the room's order."""

    SHOWN = ("name", "topic")

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"
        DIRECT = "direct"

    slug = models.CharField(
        max_length=64, unique=True, validators=[RegexValidator(rf"^{SLUG}\Z", "Not a slug.")]
    )
    name = models.CharField(max_length=80)
    topic = models.CharField(max_length=250, blank=True)
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    last_seq = models.BigIntegerField(default=0, editable=False)
    trimmed_seq = models.BigIntegerField(default=0, editable=False)
    message_count = models.BigIntegerField(default=0, editable=False)
    active_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class FormerSlug(models.Model):
    """The address of a room that is gone, which no person's room gets again: else somebody who
    tries addresses would tell a closed room, which they may not know of, from one that is gone."""

    slug = models.CharField(max_length=64, primary_key=True)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """Who belongs to a room, in which role, and how far they have read."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MODERATOR = "moderator"
        MEMBER = "member"

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    read_seq = models.BigIntegerField(default=0, editable=False)
    # The room's `message_count` at `read_seq`: what is unread is the difference.
    read_count = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class BanQuerySet(models.QuerySet["Ban"]):
    def in_force(self) -> Self:
        """Those that have not run out."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))


class Ban(models.Model):
    """Who is kept out of a room, by whom and why. A banned person is never a member of it.

    `name` is of somebody that the room's moderators do not know: the user name as they typed it.
    They are shown nothing else, whether anybody has that name or not, and `user` is empty for as
    long as nobody does.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="bans", db_index=False)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="bans"
    )
    name = models.CharField(max_length=150, blank=True, default="", db_default="", editable=False)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField(null=True, blank=True)

    objects = BanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="one_ban"),
            models.UniqueConstraint(
                fields=["name", "room"], condition=~Q(name=""), name="one_ban_of_a_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.user} from {self.room}"

    @property
    def in_force(self) -> bool:
        return self.until is None or self.until > timezone.now()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def in_force(self) -> Self:
        """Those that have not run out. A declined one is in force until then, for the room."""
        return self.filter(until__gt=timezone.now())

    def open_to(self, user: User) -> Self:
        """What a person may accept."""
        return self.in_force().filter(user=user, declined=False)


class Invitation(models.Model):
    """Somebody may become a member, in a role, if they want to.

    `name` is what the room's moderators are shown: the name as they typed it. `user` is empty when
    nobody has that name, or they take no more invitations: nobody learns here who has an account.
    For the same reason a declined one stays until it runs out.
    """

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="invitations", db_index=False
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    name = models.CharField(max_length=310)
    role = models.CharField(
        max_length=10, choices=Membership.Role.choices, default=Membership.Role.MEMBER
    )
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitations_made"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField()
    declined = models.BooleanField(default=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_invitation")]

    def __str__(self) -> str:
        return f"{self.name} to {self.room}"
