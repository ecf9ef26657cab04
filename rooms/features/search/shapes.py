"""What REST takes and gives of searching messages."""

from typing import Annotated

from pydantic import Field

from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Filled, Next

from .query import MOST_CHARACTERS

SearchText = Annotated[
    Filled,
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description='words, "phrases", `-without`, and `from:ana`, `in:lobby`,'
        " `after:2026-05-01`, `before:2026-05-02`, `has:file`",
    ),
]


class FoundIn(Given):
    slug: str = Field(examples=["lobby"])
    name: str = Field(examples=["Lobby"])


class ExcerptPiece(Given):
    text: str = Field(description="plain text, as it was written", examples=["quiet"])
    match: bool = Field(description="whether it was searched for")


class FoundMessage(Given):
    id: int = Field(examples=[4711])
    room: FoundIn
    seq: int = Field(description="its place in the room's log", examples=[42])
    at: Timestamp
    author: Person | None
    kind: str = Field(examples=["text"])
    excerpt: list[ExcerptPiece] = Field(description="of its text, in order")
    url: str = Field(description="relative to the server", examples=["/rooms/lobby/4711"])


class FoundMessages(Given):
    messages: list[FoundMessage] = Field(description="the newest first")
    looked_back_to: str | None = Field(
        description="the day from which on everything was looked at when the time was over;"
        " `next` goes on from there. null: nothing was left out",
        examples=[None],
    )
    next: Next
