"""Whether the database answers and can be written. Asked by `/readyz`, in a thread of its own."""

from time import monotonic

from django.db import OperationalError, connection

from . import trouble

# On SQLite only a write tells that a write works; it is made this often.
WRITE_EVERY_SECONDS = 5.0
# A lock that somebody holds for longer says that somebody writes.
SQLITE_LOCK_MILLISECONDS = 300

_written_at: float | None = None


def what_is_wrong() -> str | None:
    """Says what is wrong, in words for anybody; None when all is well. May raise what the database
    raises."""
    if connection.vendor == "sqlite":
        return _sqlite()
    with connection.cursor() as cursor:
        # So it is on a standby, and on a server or for a user that was made so.
        cursor.execute("SHOW transaction_read_only")
        return trouble.READ_ONLY if cursor.fetchone()[0] == "on" else None


def _sqlite() -> str | None:
    global _written_at
    now = monotonic()
    if _written_at is not None and now - _written_at < WRITE_EVERY_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return None
    _written_at = None
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {SQLITE_LOCK_MILLISECONDS}")
            cursor.execute("PRAGMA user_version")
            (version,) = cursor.fetchone()
            # Written anew, though it stays what it is.
            cursor.execute(f"PRAGMA user_version = {int(version)}")
    except OperationalError as error:
        if trouble.reason(error) != trouble.BUSY:
            raise
    _written_at = now
    return None
