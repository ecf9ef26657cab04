"""What a room is made of. Rows only: `log` writes events, `actions` writes everything else.

Where a row's room comes first in a constraint, that index serves look-ups by room as well: a second
one would be one more page to write with every message.
"""

import hashlib
import json
import re
import secrets
import uuid
from typing import Any, Self

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

SLUG = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"

_slug = re.compile(SLUG)


def is_slug(text: str) -> bool:
    return _slug.fullmatch(text) is not None


class User(AbstractUser):
    """Somebody who talks. `name` is what other people read."""

    class Meta(AbstractUser.Meta):
        permissions = [
            ("view_connections", "Can see who is connected"),
            ("end_connections", "Can end anybody's connection"),
        ]

    @property
    def name(self) -> str:
        return self.get_full_name() or self.get_username()


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: User) -> Self:
        """Public rooms that the user is not banned from, and those they are a member of."""
        mine = Membership.objects.filter(user=user, room=models.OuterRef("pk"))
        bans = Ban.objects.in_force().filter(user=user, room=models.OuterRef("pk"))
        open_to_all = Q(visibility=Room.Visibility.PUBLIC) & ~Q(models.Exists(bans))
        return self.filter(Q(models.Exists(mine)) | open_to_all)


class Room(models.Model):
    """A place to talk. `last_seq` is the head of its log; the row's lock is the room's order."""

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
    """Who is kept out of a room, by whom and why. A banned person is never a member of it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="bans", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bans")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField(null=True, blank=True)

    objects = BanQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_ban")]

    def __str__(self) -> str:
        return f"{self.user} from {self.room}"

    @property
    def in_force(self) -> bool:
        return self.until is None or self.until > timezone.now()


class Message(models.Model):
    """Something said. `seq` is that of the `message.created` event that announced it."""

    class Kind(models.TextChoices):
        TEXT = "text"
        SYSTEM = "system"
        JOB = "job"

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.BigIntegerField()
    number = models.BigIntegerField(help_text="The room's message_count with this message.")
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.TEXT)
    body = models.TextField()
    html = models.TextField()
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replies"
    )
    client_id = models.UUIDField(null=True, blank=True)
    # The job that a message of kind "job" reports on. Rooms know nothing more of jobs than this.
    job = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_a_seq"),
            models.UniqueConstraint(
                fields=["author", "client_id"],
                condition=Q(client_id__isnull=False),
                name="one_message_a_client_id",
            ),
        ]

    def __str__(self) -> str:
        return self.body[:60]


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


def attachment_path(attachment: "Attachment", _name: str) -> str:
    """Nothing of the user's file name reaches the file system."""
    return f"attachments/{attachment.id.hex[:2]}/{attachment.id.hex}"


class Attachment(models.Model):
    """A file in a room: of a message, or of a job's result. Only those who see the room get it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="attachments")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    file = models.FileField(upload_to=attachment_path, max_length=200)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A program's way in. Only the hash is kept: the token is shown once, when it is made."""

    PREFIX = "parley_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, default="token")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @classmethod
    def new_secret(cls) -> str:
        """256 random bits, so that a plain hash of it cannot be guessed backwards."""
        return cls.PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()
