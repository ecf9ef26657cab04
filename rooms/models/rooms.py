"""Rooms, who belongs to them, and who is kept out."""

import re
from datetime import datetime, timedelta
from typing import Literal, Self

from django.core.validators import MaxLengthValidator, MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .names import Named
from .people import User

SLUG = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"

_slug = re.compile(SLUG)

# How long a message may be edited: seconds, or for ever, or not at all.
EditWindow = int | Literal["always", "never"]
DAY_SECONDS = 86_400
DESCRIPTION_CHARACTERS = 2_000
LONGEST_SLOW_MODE_SECONDS = 3_600
# Long, and shown only where one room is: lists leave them out.
DESCRIPTION_COLUMNS = ("description", "description_html")


def is_slug(text: str) -> bool:
    return _slug.fullmatch(text) is not None


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: User) -> Self:
        """Public rooms that the user is not banned from, and those they are a member of."""
        mine = Membership.objects.filter(user=user, room=models.OuterRef("pk"))
        bans = Ban.objects.in_force().filter(user=user, room=models.OuterRef("pk"))
        open_to_all = Q(visibility=Room.Visibility.PUBLIC) & ~Q(models.Exists(bans))
        return self.filter(Q(models.Exists(mine)) | open_to_all)

    def for_many(self) -> Self:
        """All but those between two people, which are found by the other's name."""
        return self.exclude(visibility=Room.Visibility.DIRECT)


class Room(Named):
    """A place to talk. `last_seq` is the head of its log; the row's lock is the room's order."""

    SHOWN = ("name", "topic")

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"
        DIRECT = "direct"

    class WhoPosts(models.TextChoices):
        MEMBERS = "members"
        MODERATORS = "moderators"

    slug = models.CharField(
        max_length=64, unique=True, validators=[RegexValidator(rf"^{SLUG}\Z", "Not a slug.")]
    )
    name = models.CharField(max_length=80)
    topic = models.CharField(max_length=250, blank=True)
    description = models.TextField(
        max_length=DESCRIPTION_CHARACTERS,
        blank=True,
        default="",
        db_default="",
        validators=[MaxLengthValidator(DESCRIPTION_CHARACTERS)],
    )
    # Rendered once, like a message.
    description_html = models.TextField(blank=True, default="", db_default="", editable=False)
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    # Of a room between two: their ids, the lower first; null: it is none. Each two have one.
    pair = models.CharField(  # noqa: DJ001 - two empty ones would be the same pair
        max_length=41, null=True, blank=True, editable=False
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
    # After this a message is not edited any more. 0: none is; empty: all are.
    edit_window_seconds = models.PositiveIntegerField(
        "edit window", null=True, blank=True, default=DAY_SECONDS, db_default=DAY_SECONDS
    )
    who_posts = models.CharField(
        "who may post",
        max_length=10,
        choices=WhoPosts.choices,
        default=WhoPosts.MEMBERS,
        db_default=WhoPosts.MEMBERS.value,
    )
    # Seconds from one message of a member to their next; 0: none.
    slow_mode_seconds = models.PositiveIntegerField(
        "slow mode",
        default=0,
        db_default=0,
        validators=[MaxValueValidator(LONGEST_SLOW_MODE_SECONDS)],
    )
    # Who is new here is a member of it from the beginning.
    is_default = models.BooleanField("default room", default=False, db_default=False)
    # Whether members read what was done by who looks after the room: see `ModerationEntry`.
    open_log = models.BooleanField("open moderation log", default=False, db_default=False)
    # Of a message that its author's client may send once more: see `DeletedPost`.
    last_deletion_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pair"], condition=Q(pair__isnull=False), name="one_room_a_pair"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def edit_window(self) -> EditWindow:
        """As people and programs are told it."""
        if self.edit_window_seconds is None:
            return "always"
        return self.edit_window_seconds or "never"

    @edit_window.setter
    def edit_window(self, window: EditWindow) -> None:
        words = {"always": None, "never": 0}
        self.edit_window_seconds = window if isinstance(window, int) else words[window]

    def edits_end(self, written_at: datetime) -> datetime | None:
        """Until when a message of then may be edited; None: always."""
        if self.edit_window_seconds is None:
            return None
        return written_at + timedelta(seconds=self.edit_window_seconds)


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
    # When they last posted; kept only while the room has a slow mode.
    posted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # How many of the messages after it mention them: see `core.unread_mentions`.
    mentions = models.IntegerField(default=0, db_default=0, editable=False)
    # Until when they only read here, as their `Mute` says it, so that a post finds it without a
    # query of its own. What is over stands here still.
    muted_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"

    def muted_at(self, now: datetime) -> datetime | None:
        """Until when they are muted, if they are then."""
        return self.muted_until if self.muted_until and self.muted_until > now else None


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
