"""People as themselves: names, pronouns, a line about oneself, cards."""

from rooms.slices import Slice

from . import renaming  # noqa: F401 - connects itself
from .policy import ACTIONS
from .shapes import PersonEvent

SLICE = Slice(
    name="profiles",
    actions=ACTIONS,
    events=[PersonEvent],
    rest="rooms.features.profiles.rest.router",
    styles=["rooms/features/profiles/profiles.css"],
    modules=["rooms/features/profiles/main.js"],
    templates=["rooms/profiles.html"],
)
