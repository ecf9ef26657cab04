"""Who may do what with polls: whoever may speak in the room asks, whoever is there votes."""

from rooms.core import rules
from rooms.core.policy import Action

ACTIONS = [
    Action("poll.create", "ask a room", rules.post),
    Action("poll.vote", "vote in a room's poll", rules.take_part),
]
