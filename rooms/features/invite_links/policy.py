"""Who may make a link into a room, and whom it lets in.

Links are for those who may invite; nobody is let into a room between two people.
"""

from rooms.core.policy import Action, Facts
from rooms.core.rules import invite, manage, open_room
from rooms.models import Room
from rooms.protocol import NotFound, Refusal

SHARED = (Room.Visibility.PUBLIC.value, Room.Visibility.PRIVATE.value)


def no_link() -> NotFound:
    """The same for a link that never was, has run out or was taken back, and to who is banned."""
    return NotFound("This link lets nobody in: it has run out, was taken back, or never was one.")


def accept(facts: Facts) -> Refusal | None:
    """Of somebody who holds a link that is in force."""
    return no_link() if facts.banned else open_room(facts)


ACTIONS = [
    Action("invite_link.list", "see the links into the room", manage),
    Action("invite_link.make", "make a link into the room", invite),
    Action("invite_link.revoke", "take a link back", manage),
    Action("invite_link.accept", "come in by a link", accept, visibilities=SHARED),
]
