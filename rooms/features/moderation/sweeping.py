"""What is over: mutes that have ended, and entries of the log that are older than it says."""

from datetime import timedelta

from django.utils import timezone

from rooms.core import housekeeping
from rooms.limits import limits
from rooms.models import ModerationEntry, Mute


def ended_mutes() -> int:
    return housekeeping.delete_in_batches(Mute.objects.filter(until__lte=timezone.now()))


def old_entries() -> int:
    before = timezone.now() - timedelta(days=limits().moderation_log_days)
    return housekeeping.delete_in_batches(ModerationEntry.objects.filter(at__lt=before))
