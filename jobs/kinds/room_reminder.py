"""`room.reminder`: says something in a room at its time. `/remind` submits it."""

from typing import Annotated, Literal

from pydantic import Field

from jobs.registry import INTERACTIVE, Params, kind
from jobs.running.context import Context, GiveUp
from rooms.features.messages.actions import Post, post_message
from rooms.protocol import Refusal

LONGEST_TEXT = 2_000


class ReminderParams(Params):
    text: Annotated[
        str, Field(min_length=1, max_length=LONGEST_TEXT, description="what is to be said")
    ]
    to: Literal["me", "room"] = Field("me", description="who is reminded")


@kind(
    "room.reminder",
    title="Reminder",
    params=ReminderParams,
    queue=INTERACTIVE,
    needs_room=True,
)
def room_reminder(ctx: Context[ReminderParams]) -> str:
    """Says a text in the room, in the name of who asked for it."""
    author = ctx.requested_by
    if author is None or not author.is_active:
        raise GiveUp("Who asked for it has no account any more.")
    try:
        # The job's id makes it one message, however often this is begun.
        post_message(Post(author, ctx.room.slug, said(ctx.params, author.name), ctx.id))
    except Refusal as refusal:
        if refusal.temporary:
            raise
        raise GiveUp(refusal.message) from None
    return "Reminded."


def said(params: ReminderParams, name: str) -> str:
    """The message. A name is shown as it is, whatever it would mean as Markdown."""
    if params.to == "room":
        return f"⏰ {params.text}"
    plain = "".join(f"\\{sign}" if sign in SIGNS else sign for sign in name)
    return f"⏰ {plain}: {params.text}"


SIGNS = frozenset("\\`*_{}[]()#+-.!|~:@/")
