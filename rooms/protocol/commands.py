"""What clients ask for. Every frame of a client is one of these; apps register more of them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def whole(value: object) -> object:
    """To JSON, 5.0 is a whole number as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written_out(value: object) -> object:
    """Pydantic takes more ways to write one than the document names."""
    if isinstance(value, str) and len(value) not in UUID_CHARACTERS:
        raise ValueError("Input should be a UUID like 0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2")
    return value


# With hyphens, as JSON Schema has it; clients that leave them out were always taken.
UUID_CHARACTERS = (36, 32)
# A UUID as JSON Schema has it.
WrittenUUID = Annotated[UUID, BeforeValidator(_written_out)]
Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(description="the room's slug", examples=["lobby"]),
]
# Bounds stand before what looks at the value first: else no document says them.
Seq = Annotated[int, Field(ge=0, le=2**53 - 1, examples=[42]), BeforeValidator(whole)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[4711]), BeforeValidator(whole)]
# What a command is answered under. A larger number would come back rounded.
# The consumer looks at it before the rest of the command.
OwnNumber = Annotated[int, Field(json_schema_extra={"minimum": -(2**63), "maximum": 2**63 - 1})]
ClientId = Annotated[
    WrittenUUID,
    Field(
        strict=False,
        description="a UUID of the client's making, one for each intention",
        examples=["0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2"],
    ),
]

# With one message.
MOST_FILES = 10
FileId = Annotated[
    WrittenUUID, Field(strict=False, examples=["5f0c7c5e-9a3b-4a53-8a86-0a6a3f5b1c11"])
]

# Of which history a position is that a client gives.
GivenEpoch = Annotated[str, Field(max_length=64, examples=["5f0c7c5e9a3b4a53"])]


class Command(BaseModel):
    """What a client asks for. `id` is the client's own and comes back in the answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: OwnNumber | str | None = Field(None, examples=[7])
    type: str


class Subscribe(Command):
    """Hear a room's events: those after `after` first, then live. Without `after`, live only."""

    room: Slug
    after: Seq | None = Field(None, description="the last `seq` that was seen", examples=[41])
    epoch: GivenEpoch | None = Field(
        None, description="the epoch that `after` is of", examples=["5f0c7c5e9a3b4a53"]
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
    files: list[FileId] = Field(
        default=[],
        max_length=MOST_FILES,
        description="the `id` of each upload to be sent with it; then `body` may be empty",
        examples=[[]],
    )


class Typing(Command):
    """I am writing. Say it with every key, or every two seconds."""

    room: Slug


class Ping(Command):
    """Are you there?"""
