"""What accounts add: that what has run out is swept away, and what follows a proven address."""

from rooms.slices import Slice

from . import login_sessions, session_renewal, signals, unproven  # noqa: F401 - connect themselves
from .sweeping import expired_limits, expired_sessions, old_invitations

SLICE = Slice(
    name="accounts",
    housekeeping={
        "sessions": expired_sessions,
        "limits": expired_limits,
        "invitations": old_invitations,
        "unproven accounts": unproven.remove,
    },
)
