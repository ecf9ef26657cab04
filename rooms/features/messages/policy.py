"""Who may change what was said: everybody their own, and who looks after the room may delete.

What is edited, and by whom, is nobody else's affair than its author's. What is archived stays as
it is.
"""

from rooms.core.policy import Action, Cases, Facts
from rooms.core.rules import manage, open_room, post, rank, see
from rooms.models import Room
from rooms.protocol import Forbidden, Refusal


def edit(facts: Facts) -> Refusal | None:
    """Members edit what they said, for as long as the room lets them and they may post there: to
    write something else in its place is to post it."""
    room = facts.room
    assert room is not None
    refused = post(facts)
    if refused is not None:
        return refused
    if facts.role is None:
        return Forbidden(f"You are not a member of {room.name}.")
    if not facts.own:
        return Forbidden("Only who wrote a message may edit it.")
    if facts.late:
        return Forbidden("This message may not be edited any more.")
    return None


def delete(facts: Facts) -> Refusal | None:
    """One's own at any time, also without being a member; moderators those of members, owners all.
    Of two people who talk neither looks after the other's words."""
    room = facts.room
    assert room is not None
    refused = see(facts) or open_room(facts)
    if refused is not None or facts.own:
        return refused
    if room.visibility == Room.Visibility.DIRECT:
        return Forbidden("In a room between two people only who wrote a message may delete it.")
    return manage(facts) or rank(facts)


def history(facts: Facts) -> Refusal | None:
    return see(facts) or (None if facts.own else manage(facts))


EDITED: Cases = {
    "one's own": {"own": True},
    "one's own, after its time": {"own": True, "late": True},
    "somebody else's": {},
}
DELETED: Cases = {
    "one's own": {"own": True},
    "that of somebody who is no member": {},
    "that of a member": {"target": "member"},
    "that of a moderator": {"target": "moderator"},
    "that of an owner": {"target": "owner"},
}
READ: Cases = {"one's own": {"own": True}, "somebody else's": {}}

ACTIONS = [
    Action("message.edit", "edit a message", edit, EDITED),
    Action("message.delete", "delete a message", delete, DELETED),
    Action("message.history", "read what a message said before it was edited", history, READ),
]
