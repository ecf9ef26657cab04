"""Who may react: whoever may speak in the room, and as by speaking they become a member by it."""

from rooms.core import rules
from rooms.core.policy import Action

ACTIONS = [
    Action("reaction.add", "react to a message", rules.take_part),
    Action("reaction.remove", "take one's reaction back", rules.take_part),
]
