"""What clients ask for. Every frame of a client is one of these; apps register more of them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(description="the room's slug", examples=["lobby"]),
]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1, examples=[42])]
Id = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[4711])]
ClientId = Annotated[
    UUID,
    Field(
        strict=False,
        description="a UUID of the client's making, one for each intention",
        examples=["0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2"],
    ),
]


class Command(BaseModel):
    """What a client asks for. `id` is the client's own and comes back in the answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: int | str | None = Field(None, examples=[7])
    type: str


class Subscribe(Command):
    """Hear a room's events: those after `after` first, then live. Without `after`, live only."""

    room: Slug
    after: Seq | None = Field(None, description="the last `seq` that was seen", examples=[41])
    epoch: str | None = Field(
        None,
        description="the epoch that `after` is of",
        max_length=64,
        examples=["5f0c7c5e9a3b4a53"],
    )


class Unsubscribe(Command):
    """Hear no more of a room."""

    room: Slug


class Send(Command):
    """Say something. The same `client_id` again gives the same answer and no second message."""

    room: Slug
    body: str = Field(
        description="Markdown; a slash at the start is a command, two are a slash",
        examples=["All *quiet*."],
    )
    client_id: ClientId
    reply_to: Id | None = Field(None, description="the `id` of a message of the room")


class Typing(Command):
    """I am writing. Say it with every key, or every two seconds."""

    room: Slug


class Ping(Command):
    """Are you there?"""
