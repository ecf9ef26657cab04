"""What a room is made of. Rows only: `log` writes events, actions write everything else.

Where a row's room comes first in a constraint, that index serves look-ups by room as well: a second
one would be one more page to write with every message.
"""

from .accounts import AccountInvitation, CacheEntry, LoginSession
from .events import Event
from .files import Attachment, attachment_path
from .inbox import InboxEntry
from .incoming_webhooks import IncomingWebhook, WebhookMessage
from .installation import Installation
from .invite_links import InviteLink
from .mentions import Mention
from .messages import DeletedPost, Message, MessageEdit
from .moderation import ModerationEntry, Mute
from .people import ApiToken, User
from .pins import Pin
from .reactions import Reaction
from .rooms import SLUG, Ban, FormerSlug, Invitation, Membership, Room, is_slug
from .threads import Thread, ThreadFollow, ThreadReply

__all__ = [
    "SLUG",
    "AccountInvitation",
    "ApiToken",
    "Attachment",
    "Ban",
    "CacheEntry",
    "DeletedPost",
    "Event",
    "FormerSlug",
    "InboxEntry",
    "IncomingWebhook",
    "Installation",
    "Invitation",
    "InviteLink",
    "LoginSession",
    "Membership",
    "Mention",
    "Message",
    "MessageEdit",
    "ModerationEntry",
    "Mute",
    "Pin",
    "Reaction",
    "Room",
    "Thread",
    "ThreadFollow",
    "ThreadReply",
    "User",
    "WebhookMessage",
    "attachment_path",
    "is_slug",
]
