"""Keys that nobody has sent for long: what comes with one of them is a message of its own."""

from datetime import timedelta

from django.utils import timezone

from rooms.core import housekeeping
from rooms.models import WebhookMessage

KEPT = timedelta(days=30)


def old_keys() -> int:
    rows = WebhookMessage.objects.filter(at__lte=timezone.now() - KEPT)
    return housekeeping.delete_in_batches(rows)
