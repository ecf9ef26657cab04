"""Who may follow a thread: whoever belongs to the room. Whoever sees the room reads its threads."""

from rooms.core import rules
from rooms.core.policy import Action

ACTIONS = [Action("thread.follow", "follow a thread, or stop following it", rules.belong)]
