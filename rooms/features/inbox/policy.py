"""Who may save a message for later: whoever belongs to its room."""

from rooms.core import rules
from rooms.core.policy import Action

ACTIONS = [Action("inbox.save", "save a message for later", rules.belong)]
