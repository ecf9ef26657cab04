"""Who may do what with polls: whoever may speak in the room."""

from rooms.core import rules
from rooms.core.policy import Action

ACTIONS = [
    Action("poll.create", "ask a room", rules.post),
    Action("poll.vote", "vote in a room's poll", rules.post),
]
