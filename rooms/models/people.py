"""People, and the tokens of their programs."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from rooms.core import visible

from .names import Named


class User(Named, AbstractUser):
    """Somebody who talks. `name` is what other people read."""

    SHOWN = ("username", "first_name", "last_name")

    class Meta(AbstractUser.Meta):
        permissions = [
            ("view_connections", "Can see who is connected"),
            ("end_connections", "Can end anybody's connection"),
        ]

    @property
    def name(self) -> str:
        full = self.get_full_name()
        return full if visible.shows(full) else self.get_username()


class ApiToken(Named):
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
