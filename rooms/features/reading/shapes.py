"""Read markers: the command, the event, and what REST takes."""

from typing import Literal

from pydantic import Field

from rooms.protocol import Command, GivenEpoch, Seq, Slug
from rooms.protocol.answers import RoomSlug
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import Person
from rooms.rest.schemas import BodySeq, Taken


class Read(Command):
    """Everything up to `seq` has been read."""

    room: Slug
    seq: Seq
    epoch: GivenEpoch | None = Field(
        None, description="the epoch that `seq` is of", examples=["5f0c7c5e9a3b4a53"]
    )


class ReadEvent(Ephemeral):
    """Somebody has read up to `seq`: perhaps the same person elsewhere."""

    type: Literal["read"]
    room: RoomSlug
    user: Person
    seq: int = Field(examples=[42])


class ReadUpTo(Taken):
    seq: BodySeq
    epoch: GivenEpoch | None = Field(
        None, description="the epoch that `seq` is of", examples=["5f0c7c5e9a3b4a53"]
    )
