"""Polls over the socket."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rooms.live.delivery.connection import Connection
from rooms.protocol import Command, Slug
from rooms.protocol.answers import Ok
from rooms.protocol.commands import ClientId
from rooms.protocol.events import Durable
from rooms.slices import SocketCommand

from . import actions

OptionText = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class PollCreate(Command):
    """Ask the room something."""

    room: Slug
    question: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["Where do we eat?"]
    )
    options: Annotated[list[OptionText], Field(min_length=2, max_length=10)] = Field(
        examples=[["Here", "There"]]
    )
    client_id: ClientId


class PollVote(Command):
    """Vote, or vote otherwise."""

    poll: Annotated[UUID, Field(strict=False)] = Field(
        examples=["0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"]
    )
    option: Annotated[int, Field(ge=0, le=9)] = Field(examples=[0])


class PollOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["0198f5a2-7d5c-7d11-9c9e-3f4f6a5b2c10"])
    question: str = Field(examples=["Where do we eat?"])
    options: list[str] = Field(examples=[["Here", "There"]])
    votes: list[int] = Field(examples=[[2, 1]])


class PollVoted(Durable):
    """Somebody has voted: the poll as it is now."""

    type: Literal["poll.voted"]
    poll: PollOut


async def create(connection: Connection, command: PollCreate) -> dict[str, Any]:
    await connection.in_thread(
        actions.create,
        connection.user,
        command.room,
        command.question,
        command.options,
        command.client_id,
    )
    return {"type": "ok"}


async def vote(connection: Connection, command: PollVote) -> dict[str, Any]:
    await connection.in_thread(actions.vote, connection.user, command.poll, command.option)
    return {"type": "ok"}


COMMANDS = (
    SocketCommand("poll.create", PollCreate, create, Ok),
    SocketCommand("poll.vote", PollVote, vote, Ok),
)
EVENTS = (PollVoted,)
