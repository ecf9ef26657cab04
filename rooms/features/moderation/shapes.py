"""Mutes and the moderation log: the commands, what REST takes and gives."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rooms.models.moderation import DETAILS_CHARACTERS, REASON_CHARACTERS
from rooms.protocol import Command, Id, Slug
from rooms.protocol.commands import whole
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Next, Taken, Text

from .actions import LONGEST_MINUTES, SHORTEST_MINUTES

MemberToMute = Annotated[Id, Field(description="the `id` of a person in the room")]
Minutes = Annotated[
    int,
    Field(
        ge=SHORTEST_MINUTES,
        le=LONGEST_MINUTES,
        strict=True,
        description="for how long, from now on: five minutes to 30 days",
        examples=[60],
    ),
    BeforeValidator(whole),
]


class MuteMember(Command):
    """Have a member only read in the room for a while; for who looks after it. Again: for that long
    from now on."""

    room: Slug
    user: MemberToMute
    minutes: Minutes
    reason: str = Field(
        "", max_length=REASON_CHARACTERS, description="for the moderators", examples=["Spam"]
    )


class UnmuteMember(Command):
    """Let somebody write again. Who is not muted stays that."""

    room: Slug
    user: MemberToMute


class NewMute(Taken):
    minutes: Minutes
    reason: Annotated[
        Text, Field(max_length=REASON_CHARACTERS, description="for the moderators")
    ] = ""


Deed = Literal["remove", "ban", "unban", "mute", "unmute", "role", "delete", "settings"]


class ModerationEntryOut(Given):
    id: int
    at: Timestamp
    action: Deed = Field(description="what was done: `delete` is of a message, `role` a new role")
    actor: Person | None = Field(
        description="who did it; null: the site's staff, or somebody whose account is gone"
    )
    target: Person | None = Field(description="to whom; of `settings` nobody")
    name: str = Field(description="of a stranger who was banned, as it was typed", max_length=150)
    reason: str = Field(
        description="if one was given; for who looks after the room, empty to others",
        max_length=REASON_CHARACTERS,
    )
    details: str = Field(description="what was changed, in words", max_length=DETAILS_CHARACTERS)


class ModerationLog(Given):
    entries: list[ModerationEntryOut] = Field(description="the last one first")
    next: Next
