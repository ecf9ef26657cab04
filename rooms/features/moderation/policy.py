"""Who may mute, and who reads what was done: who looks after the room, and its members if it says
so."""

from rooms.core import rules
from rooms.core.policy import Action, Cases, Facts
from rooms.protocol import Refusal

WHOM: Cases = {
    "a member": {"target": "member"},
    "a moderator": {"target": "moderator"},
    "an owner": {"target": "owner"},
    "oneself": {"own": True},
}


def read_log(facts: Facts) -> Refusal | None:
    assert facts.room is not None
    if facts.role is not None and facts.room.open_log:
        return None
    return rules.manage(facts)


ACTIONS = [
    Action("member.mute", "mute", rules.mute, WHOM),
    Action("member.unmute", "end the mute of", rules.mute, WHOM),
    Action("moderation_log.read", "read the moderation log, where it is not open", read_log),
]
