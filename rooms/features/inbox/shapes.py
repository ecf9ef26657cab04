"""The inbox: what people are told of theirs, what REST takes and gives."""

from typing import Annotated, Literal

from pydantic import Field

from rooms.protocol import Command, Id, Slug
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import BodyId, Next, Taken


class SaveMessage(Command):
    """Have a message wait in your inbox until you say that it is done. The same again changes
    nothing."""

    room: Slug
    message: Annotated[Id, Field(description="the `id` of a message of the room")]


class InboxEvent(Ephemeral):
    """How many entries of the user's inbox are open. Told to all their connections when one comes,
    goes, or is done."""

    type: Literal["inbox"]
    open: int = Field(description="1,000 at most", ge=0, examples=[2])


class InboxRoom(Given):
    slug: str
    name: str


class InboxEntryOut(Given):
    id: int
    kind: Literal["mention", "reply", "thread", "saved"]
    at: Timestamp
    done: bool
    room: InboxRoom
    message: int = Field(description="its `id`")
    author: Person | None
    excerpt: str = Field(description="the beginning of the message's body")


class InboxPage(Given):
    entries: list[InboxEntryOut] = Field(description="the newest first")
    open: int = Field(description="how many are not done, 1,000 at most")
    next: Next


class SomeEntries(Taken):
    entries: Annotated[list[BodyId], Field(max_length=1_000)] | None = Field(
        None, description="their `id`s; missing: all"
    )


class TheseEntries(Taken):
    entries: Annotated[list[BodyId], Field(max_length=1_000, description="their `id`s")]


class ChangedEntries(Given):
    entries: list[Id] = Field(description="those that were not so before")
