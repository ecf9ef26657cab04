"""Mentions: what people are told of theirs, and what REST gives of those who can be mentioned."""

from typing import Literal

from pydantic import Field

from rooms.protocol.answers import HeadSeq, RoomSlug
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import Given, Person


class MentionsEvent(Ephemeral):
    """How many unread messages of a room of the user's mention them. Told to all their connections
    when somebody mentions them, or not any more, and when they have read such a message elsewhere.
    Where all of a room is read, none is left, and nothing of this is told."""

    type: Literal["mentions"]
    room: RoomSlug
    mentions: int = Field(description="messages", ge=0, examples=[1])
    seq: HeadSeq


class MentionablePerson(Person):
    username: str = Field(description="what stands behind the `@`")
    member: bool = Field(description="whether they belong to the room")


class MentionablePeople(Given):
    people: list[MentionablePerson] = Field(description="members of the room first")
    everybody: int | None = Field(
        description="how many `@room` mentions; null: the caller may not, or they are too many"
    )


class Everybody(Given):
    people: int = Field(description="how many")
