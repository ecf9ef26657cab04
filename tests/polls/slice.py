"""All that polls add to rooms."""

from typing import Any

from rooms.slices import Slice
from rooms.terminal.lines import clean

from . import policy, socket
from .representations import KIND, PART, room_state


def voted(told: dict[str, Any]) -> str:
    poll = told["poll"]
    counts = ", ".join(
        f"{clean(option)} {votes}"
        for option, votes in zip(poll["options"], poll["votes"], strict=True)
    )
    return f"?  {clean(poll['question'])} {counts}"


SLICE = Slice(
    name="polls",
    actions=policy.ACTIONS,
    commands=socket.COMMANDS,
    events=socket.EVENTS,
    message_kinds=[KIND],
    message_parts=[PART],
    room_state=room_state,
    styles=["polls/polls.css"],
    modules=["polls/main.js"],
    templates=["polls/poll.html"],
    lines={"poll.voted": voted},
)
