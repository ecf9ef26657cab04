"""What the account pages keep: invitations to make an account, and the cache of their limits."""

from django.db import models
from django.utils import timezone

from .people import User


class AccountInvitation(models.Model):
    """Lets one person make an account, once, until its time. Only the hash of its link is kept."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    # A note for those who read the list: anybody who has the link may use it.
    email = models.EmailField("e-mail", blank=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    used_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        verbose_name = "account invitation"

    def __str__(self) -> str:
        return self.email or f"invitation {self.pk}"


class LoginSession(models.Model):
    """Where one of somebody's sessions is: Django's own row says nothing of that, not even whose it
    is. One whose session is gone is swept away."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    begun_at = models.DateTimeField(default=timezone.now)
    # To the day.
    used_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.address}"


class CacheEntry(models.Model):
    """The table of Django's database cache, which reads and writes it by itself."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "rooms_cache"

    def __str__(self) -> str:
        return self.cache_key
