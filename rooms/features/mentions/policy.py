"""Who may mention everybody of a room at once: those who look after it."""

from rooms.core.policy import Action, Facts
from rooms.core.rules import manage, post
from rooms.protocol import Refusal


def everybody(facts: Facts) -> Refusal | None:
    return post(facts) or manage(facts)


ACTIONS = [Action("mention.everybody", "mention everybody of the room with `@room`", everybody)]
