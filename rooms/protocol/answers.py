"""What a client is told in return for its commands, and about its connection."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .refusals import ErrorCode
from .shapes import MessageOut, Person

RoomSlug = Annotated[str, Field(description="the room's slug", examples=["lobby"])]
HeadSeq = Annotated[int, Field(description="the head of the room's log", examples=[42])]
Epoch = Annotated[
    str,
    Field(
        description="the history that every `seq` is a position in, until another one is said",
        examples=["5f0c7c5e9a3b4a53"],
    ),
]
Present = Annotated[
    list[Person] | int,
    Field(description="who is here; only how many when they are too many to name"),
]


class Told(BaseModel):
    """An object that the server sends. A frame is an array of them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: str


# Of the connection --------------------------------------------------------------------------------


class HelloLimits(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    frame_bytes: int = Field(description="the longest frame that is taken", examples=[65_536])
    message_characters: int = Field(
        description="the longest `body`, in code points of Unicode", examples=[10_000]
    )
    resume_events: int = Field(
        description="how far behind `after` may be to be recovered", examples=[2_000]
    )
    subscriptions: int = Field(description="rooms on one connection", examples=[500])
    commands_per_second: float = Field(
        description="commands of one connection, for long", examples=[20]
    )
    commands_burst: int = Field(description="commands at once, after a pause", examples=[40])
    connections_per_user: int = Field(
        description="connections of one person at one server process", examples=[20]
    )


class Hello(Told):
    """The first object of a connection."""

    type: Literal["hello"]
    protocol: Literal[1] = Field(description="the version of this protocol")
    connection: str = Field(
        description="names the connection in the server's log", examples=["17-9f3c02aa"]
    )
    epoch: Epoch
    user: Person = Field(description="who the client is")
    heartbeat: float = Field(
        description="seconds: the server is never silent for longer", examples=[25]
    )
    limits: HelloLimits


class Heartbeat(Told):
    """Sent when nothing else was for `heartbeat` seconds."""

    type: Literal["heartbeat"]


class Bye(Told):
    """The server closes the connection right after this."""

    type: Literal["bye"]
    code: int = Field(description="the close code", ge=4000, le=4999, examples=[4001])
    reason: str = Field(description="for people", examples=["The server is restarting."])
    reconnect: bool = Field(description="whether to come back", examples=[True])
    retry_in: float | None = Field(description="seconds to wait before that", examples=[1.3])
    epoch: Epoch


# Answers ------------------------------------------------------------------------------------------


class Answer(Told):
    """In return for one command."""

    id: int | str | None = Field(description="the command's", examples=[7])


class Subscribed(Answer):
    """From here on the room's events come. Those after `after` follow this answer."""

    type: Literal["subscribed"]
    room: RoomSlug
    seq: HeadSeq
    epoch: Epoch
    recovered: bool = Field(
        description=(
            "whether every event after `after` comes. If not, it was too far behind or is of"
            " another epoch: load the history over REST; events come from the head on"
        ),
        examples=[True],
    )
    members: int = Field(description="how many members the room has", examples=[12])
    present: Present


class Unsubscribed(Answer):
    """No more events of the room come."""

    type: Literal["unsubscribed"]
    room: RoomSlug


class Sent(Answer):
    """The message is stored. Its `message.created` comes before or after this."""

    type: Literal["sent"]
    room: RoomSlug
    seq: int = Field(description="the message's place in the room's log", examples=[42])
    message: MessageOut


class Ok(Answer):
    """Done."""

    type: Literal["ok"]
    seq: int | None = Field(
        None,
        description="of `edit` and `delete`: the event that tells the room, or, where nothing had"
        " to be done, the room's head",
        examples=[43],
    )


class OkWritten(Ok):
    """Done, and told to the room."""

    seq: int = Field(
        description="the event that says it; where nothing had to be done, the room's head",
        examples=[43],
    )


class PrivateWords(Answer):
    """What a slash command says to the person who gave it, and to nobody else."""

    type: Literal["words"]
    words: str = Field(
        description="plain text, of one line or more",
        examples=["I will remind you on Friday 27 November at 17:30 UTC."],
    )


class Pong(Answer):
    """The server is there."""

    type: Literal["pong"]


class FieldError(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    pointer: str = Field(description="RFC 6901, into the command", examples=["/after"])
    message: str = Field(examples=["Input should be greater than or equal to 0"])


class Error(Answer):
    """The command was not carried out."""

    type: Literal["error"]
    code: ErrorCode = Field(description="for programs", examples=["busy"])
    message: str = Field(
        description="for people", examples=["Too many posts wait to be written; try again."]
    )
    temporary: bool = Field(
        description="whether the same command may succeed later", examples=[True]
    )
    retry_after: float | None = Field(None, description="seconds to wait", examples=[1.5])
    errors: list[FieldError] | None = Field(None, description="each field that is wrong")
