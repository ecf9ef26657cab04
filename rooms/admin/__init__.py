"""Rooms in Django's admin, one file a noun. Importing them registers their pages.

What is said and logged is read there, never written; what is changed of rooms and members goes
through actions, so that the rooms hear of it.
"""

from . import (  # noqa: F401
    account_invitations,
    bans,
    events,
    files,
    invitations,
    invite_links,
    messages,
    moderation,
    people,
    rooms,
)
