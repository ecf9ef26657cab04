"""Links that let whoever holds them into a room."""

from rooms.protocol.scopes import Scope
from rooms.slices import Slice

from .policy import ACTIONS
from .sweeping import old_links

SLICE = Slice(
    name="invite_links",
    actions=ACTIONS,
    rest="rooms.features.invite_links.rest.router",
    styles=["rooms/features/invite_links/invite_links.css"],
    templates=["rooms/invite_links.html"],
    operation_scopes={r"\w+ rooms/\*/invite-links(/.*)?": Scope.ADMIN},
    housekeeping={"invite links": old_links},
)
