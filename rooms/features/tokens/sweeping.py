"""Tokens that ended a while ago. Until then their owner sees on the page what became of them."""

from datetime import timedelta

from django.utils import timezone

from rooms.core import housekeeping
from rooms.models import ApiToken

KEPT = timedelta(days=30)


def ended_tokens() -> int:
    rows = ApiToken.objects.filter(expires_at__lte=timezone.now() - KEPT)
    return housekeeping.delete_in_batches(rows)
