"""What accounts leave behind: sessions and limits that have run out, old invitations."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from rooms.core import housekeeping
from rooms.models import AccountInvitation, CacheEntry, LoginSession

# For those who look at the list of invitations.
KEPT = timedelta(days=30)


def expired_sessions() -> int:
    """Those that have run out, and what is known of those that are gone."""
    rows = Session.objects.filter(expire_date__lte=timezone.now())
    count = housekeeping.delete_in_batches(rows)
    there = Session.objects.filter(session_key=OuterRef("session_key"))
    housekeeping.delete_in_batches(LoginSession.objects.filter(~Exists(there)))
    return count


def expired_limits() -> int:
    return housekeeping.delete_in_batches(CacheEntry.objects.filter(expires__lte=timezone.now()))


def old_invitations() -> int:
    rows = AccountInvitation.objects.filter(expires_at__lte=timezone.now() - KEPT)
    return housekeeping.delete_in_batches(rows)
