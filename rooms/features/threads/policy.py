"""Who may follow a thread: whoever belongs to the room. Whoever sees the room reads its threads."""

from rooms.core import rules
from rooms.core.policy import Action, Facts
from rooms.protocol import Forbidden, Refusal


def follow(facts: Facts) -> Refusal | None:
    assert facts.room is not None
    if facts.role is not None:
        return None
    return rules.see(facts) or Forbidden(f"You are not a member of {facts.room.name}.")


ACTIONS = [Action("thread.follow", "follow a thread, or stop following it", follow)]
