"""What both supervisors share: words for how a process ended, and whether a second request to stop
is a repeated signal or impatience. Pure.

Used by `manage.py serve` and `manage.py up`.
"""

from __future__ import annotations

import signal

# `make`, `timeout` and terminals pass a signal on that has come already. Later, it is impatience.
SAME_REQUEST_SECONDS = 1.0


def how_it_ended(code: int) -> str:
    """An exit code in words; negative ones are signals."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


class StopRequests:
    """Requests to stop, in the order they come."""

    def __init__(self) -> None:
        self.first_at: float | None = None

    def is_first(self, now: float) -> bool:
        """One more has come, at `now`."""
        if self.first_at is None:
            self.first_at = now
            return True
        return False

    def is_impatient(self, now: float) -> bool:
        return self.first_at is not None and now - self.first_at > SAME_REQUEST_SECONDS
