"""Who may make an address by which programs post, and see those there are.

Whoever looks after the room answers for what comes in by it. In a room between two nobody does.
"""

from rooms.core.policy import Action, Facts
from rooms.core.rules import manage, open_room
from rooms.models import Room
from rooms.protocol import Refusal

SHARED = (Room.Visibility.PUBLIC.value, Room.Visibility.PRIVATE.value)


def make(facts: Facts) -> Refusal | None:
    return manage(facts) or open_room(facts)


ACTIONS = [
    Action("incoming_webhook.list", "see incoming webhooks", manage, visibilities=SHARED),
    Action("incoming_webhook.make", "make an incoming webhook", make, visibilities=SHARED),
    Action("incoming_webhook.remove", "remove an incoming webhook", manage, visibilities=SHARED),
]
