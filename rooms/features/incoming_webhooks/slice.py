"""Incoming webhooks: programs elsewhere post into a room."""

from rooms.http import body_bounds
from rooms.limits import limits
from rooms.protocol.scopes import Scope
from rooms.slices import Slice

from .policy import ACTIONS
from .representations import BOT
from .sweeping import old_keys

body_bounds.register("/hooks/", limits().api_body_bytes)

SLICE = Slice(
    name="incoming_webhooks",
    actions=ACTIONS,
    rest="rooms.features.incoming_webhooks.rest.router",
    message_parts=[BOT],
    styles=["rooms/features/incoming_webhooks/incoming_webhooks.css"],
    modules=["rooms/features/incoming_webhooks/main.js"],
    templates=["rooms/incoming_webhooks.html"],
    operation_scopes={r"\w+ rooms/\*/incoming-webhooks(/.*)?": Scope.ADMIN},
    housekeeping={"webhook keys": old_keys},
)
