"""The database itself: what it is called in Redis, and which history its positions are of."""

from django.db import models
from django.db.models import Q


class Installation(models.Model):
    """The one row; see `core.installation`, which makes and changes it."""

    identity = models.CharField(max_length=32, help_text="Part of every name in Redis.")
    epoch = models.CharField(max_length=32, help_text="Goes with every position in a log.")
    # How often the epoch was changed. One that is lower than known shows an older database.
    number = models.BigIntegerField(default=0)
    # Until then some process trims the rooms' logs, or nobody needs to.
    trimming_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation")]

    def __str__(self) -> str:
        return self.identity
