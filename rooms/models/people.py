"""People, and the tokens of their programs."""

import hashlib
import secrets
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from rooms.protocol import scopes
from rooms.text import visible

from .names import Named, validate_line


class User(Named, AbstractUser):
    """Somebody who talks. `name` is what other people read."""

    SHOWN = ("username", "first_name", "last_name", "pronouns", "about")

    # What people say of themselves, on their card.
    pronouns = models.CharField(
        max_length=40, blank=True, default="", db_default="", validators=[validate_line]
    )
    about = models.CharField(
        max_length=200, blank=True, default="", db_default="", validators=[validate_line]
    )
    # When as many changes of the name are open to them again as one may make in a day.
    renames_renewed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Until they log in for the first time. Whose account is older than this column is none.
    is_newcomer = models.BooleanField(default=True, db_default=False, editable=False)

    class Meta(AbstractUser.Meta):
        permissions = [
            ("view_connections", "Can see who is connected"),
            ("end_connections", "Can end anybody's connection"),
        ]
        # A name in a message is found however it is written.
        indexes = [models.Index(Lower("username"), name="user_by_lower_name")]

    # The password's old hash, while `check_password` puts a stronger one of the same in its place.
    _hash_to_renew: str | None = None

    @property
    def name(self) -> str:
        full = self.get_full_name()
        return full if visible.shows(full) else self.get_username()

    @property
    def password_stamp(self) -> str:
        """Tells one password from the next. Tokens carry it, and end with the password."""
        return hashlib.sha256(self.password.encode()).hexdigest()

    def check_password(self, raw_password: str | None) -> bool:
        self._hash_to_renew = self.password_stamp
        try:
            return super().check_password(raw_password)
        finally:
            self._hash_to_renew = None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new hash of the same password, as after an upgrade of Django, ends no token."""
        before = self._hash_to_renew
        if before is None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            carried = ApiToken.objects.filter(user=self, password_stamp=before)
            carried.update(password_stamp=self.password_stamp)


class ApiToken(Named):
    """A program's way in. Only the hash is kept: the token is shown once, when it is made. It ends
    at its time, with the password that it was made under, and when it is revoked."""

    PREFIX = "parley_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, default="token")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    scopes = models.CharField(
        max_length=80, default=scopes.EVERYTHING, db_default=scopes.EVERYTHING, editable=False
    )
    # Null: it does not end by itself.
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Empty: made by a version before this column, and stamped when it is first used.
    password_stamp = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    used_from = models.CharField(
        max_length=45, blank=True, default="", db_default="", editable=False
    )

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

    def ended(self, user: User) -> str:
        """Why it opens nothing any more, in words for its `user`; empty while it does."""
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "The token has expired."
        if self.password_stamp not in ("", user.password_stamp):
            return "The token ended with the password that it was made under."
        return ""
