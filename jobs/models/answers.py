"""What was answered to a request with an `Idempotency-Key`, to be answered again."""

from django.db import models
from django.utils import timezone

from rooms.models import User


class KeptAnswer(models.Model):
    """One request of one person. Without a `status` it is under way since `created_at`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_a_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"answer to {self.key[:40]}"
