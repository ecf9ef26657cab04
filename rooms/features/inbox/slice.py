"""The inbox: what concerns somebody, until they say that it is done."""

from rooms.slices import Slice

from . import actions
from .shapes import InboxEvent

SLICE = Slice(
    name="inbox",
    events=[InboxEvent],
    rest="rooms.features.inbox.rest.router",
    replied=[actions.replied],
    deleted=[actions.deleted],
    housekeeping={"inbox entries": actions.sweep},
)
