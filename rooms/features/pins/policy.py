"""Who may pin: who looks after the room, and of two people who talk, both."""

from rooms.core import rules
from rooms.core.policy import Action, Facts
from rooms.models import Room
from rooms.protocol import Refusal


def pin(facts: Facts) -> Refusal | None:
    room = facts.room
    assert room is not None
    refused = rules.see(facts) or rules.open_room(facts)
    if refused is not None:
        return refused
    if room.visibility == Room.Visibility.DIRECT:
        return None
    return rules.manage(facts)


ACTIONS = [
    Action("pin.add", "pin a message", pin),
    Action("pin.remove", "unpin a message", pin),
]
