"""Who may see somebody's card: those who see a room that this person is in. Nobody else learns that
there is such a person. One's own card is one's own."""

from rooms.core.policy import Action, Cases, Facts
from rooms.core.rules import see
from rooms.protocol import NotFound, Refusal


def card(facts: Facts) -> Refusal | None:
    refused = see(facts)
    if refused is not None or facts.own or facts.target is not None:
        return refused
    return NotFound("You know nobody of this name or number.")


CARDS: Cases = {
    "that of a member": {"target": "member"},
    "that of somebody who is no member": {},
    "one's own": {"own": True},
}

ACTIONS = [Action("person.see", "see somebody's card", card, CARDS)]
