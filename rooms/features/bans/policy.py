"""Who may ban: those who manage the room, and only people they may also remove."""

from rooms.core.policy import Action
from rooms.core.rules import TARGETS, manage, remove

ACTIONS = [
    Action("ban.list", "see who is banned, and why", manage),
    Action("ban.make", "ban", remove, {"somebody who is no member": {}, **TARGETS}),
    Action("ban.lift", "lift a ban", manage),
]
