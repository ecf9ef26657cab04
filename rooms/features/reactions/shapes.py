"""Reactions: the commands, the events, what REST takes and gives."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rooms.protocol import Command, Id, Slug
from rooms.protocol.events import Durable
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Next

from .emoji import MOST_CHARACTERS

EmojiText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_CHARACTERS),
    Field(description="one emoji, the character itself", examples=["👍"]),
]


class React(Command):
    """Answer a message with an emoji. The same again changes nothing."""

    room: Slug
    message: Annotated[Id, Field(description="the `id` of a message of the room")]
    emoji: EmojiText


class Unreact(Command):
    """Take it back. What is not there changes nothing."""

    room: Slug
    message: Annotated[Id, Field(description="the `id` of a message of the room")]
    emoji: EmojiText


class ReactedMessage(Given):
    id: int = Field(examples=[17])
    seq: int = Field(description="where it stands in the room's log", examples=[40])


class ReactionEvent(Durable):
    message: ReactedMessage
    user: Person = Field(description="who it was")
    emoji: str = Field(description="as Unicode writes it in full", examples=["👍"])
    count: int = Field(description="how many people have chosen it now", examples=[2])
    users: list[Person] = Field(description="the first of them, as in messages")


class ReactionAdded(ReactionEvent):
    """Somebody has reacted to a message."""

    type: Literal["reaction.added"]


class ReactionRemoved(ReactionEvent):
    """Somebody has taken a reaction back."""

    type: Literal["reaction.removed"]


class ReactionOut(Given):
    emoji: str
    count: int = Field(description="how many people")
    users: list[Person] = Field(description="the first of them")


class ReactionList(Given):
    reactions: list[ReactionOut] = Field(description="in the order in which they came")


class ReactorOut(Given):
    user: Person
    at: Timestamp


class ReactorPage(Given):
    people: list[ReactorOut] = Field(description="in the order in which they reacted")
    next: Next


class OwnReaction(Given):
    message: int = Field(description="its `id`")
    emoji: list[str]


class OwnReactions(Given):
    reactions: list[OwnReaction] = Field(description="of messages that have any of the caller's")
