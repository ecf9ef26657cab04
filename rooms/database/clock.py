"""The database's clock, which is the one that all processes share: leases and what is due are
decided by it. A host whose own clock is off by minutes does no harm.

PostgreSQL is asked by `set_by_database` now and then; in between the time goes on by this process's
monotonic clock, so that a host's clock may even jump. SQLite has no clock but the host's.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from django.db import connection
from django.utils import timezone

# The database's time when it was asked, and this process's monotonic time then.
_asked: tuple[datetime, float] | None = None


def set_by_database() -> None:
    """Ask. Raises what a query raises."""
    global _asked
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        before = monotonic()
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
        _asked = told.astimezone(UTC), (before + monotonic()) / 2


def now() -> datetime:
    """The database's time as it was last told; this host's where it never was."""
    if _asked is None:
        return timezone.now()
    told, at = _asked
    return told + timedelta(seconds=monotonic() - at)


def forget() -> None:
    """Go by the host's clock again."""
    global _asked
    _asked = None
