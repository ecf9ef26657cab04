"""Links that ran out a while ago. Until then those who look after the room see what became of
them."""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from rooms.core import housekeeping
from rooms.models import InviteLink

KEPT = timedelta(days=7)


def old_links() -> int:
    before = timezone.now() - KEPT
    used_up = Q(uses__gte=F("most_uses"), used_at__lte=before)
    return housekeeping.delete_in_batches(InviteLink.objects.filter(Q(until__lte=before) | used_up))
