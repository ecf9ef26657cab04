"""Who may write to whom: people who share a room. Nobody else learns whether there is somebody.

Who is banned from a room is not in it, so it is none that they share. Whether either of them wants
to is each one's own affair: who leaves the room between the two is not brought back by the other.
"""

from rooms.core.policy import Action, Cases, Facts
from rooms.protocol import Forbidden, NotFound, Refusal


def write(facts: Facts) -> Refusal | None:
    """`role` and `target` are those of the two in a room that both are in."""
    if facts.own:
        return Forbidden("You cannot write to yourself.")
    if facts.role is None or facts.target is None:
        return NotFound("You share no room with anybody of this name.")
    return None


WRITTEN_TO: Cases = {
    "a member": {"target": "member"},
    "somebody who is no member": {},
    "oneself": {"own": True},
}

ACTIONS = [Action("direct.open", "open the room between oneself and", write, WRITTEN_TO)]
