"""What a room is made of. Rows only: `log` writes events, actions write everything else.

Where a row's room comes first in a constraint, that index serves look-ups by room as well: a second
one would be one more page to write with every message.
"""

from .accounts import AccountInvitation, CacheEntry
from .events import Event
from .files import Attachment, attachment_path
from .installation import Installation
from .messages import Message
from .people import ApiToken, User
from .rooms import SLUG, Ban, FormerSlug, Invitation, Membership, Room, is_slug

__all__ = [
    "SLUG",
    "AccountInvitation",
    "ApiToken",
    "Attachment",
    "Ban",
    "CacheEntry",
    "Event",
    "FormerSlug",
    "Installation",
    "Invitation",
    "Membership",
    "Message",
    "Room",
    "User",
    "attachment_path",
    "is_slug",
]
