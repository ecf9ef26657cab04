"""Pinned messages: the commands, the events, what REST gives."""

from typing import Annotated, Literal

from pydantic import Field

from rooms.protocol import Command, Id, Slug
from rooms.protocol.events import Durable
from rooms.protocol.shapes import Given, Person, Timestamp

MessageToPin = Annotated[Id, Field(description="the `id` of a message of the room")]


class PinMessage(Command):
    """Pin a message, so that everybody in the room finds it. The same again changes nothing."""

    room: Slug
    message: MessageToPin


class UnpinMessage(Command):
    """Unpin a message. What is not pinned changes nothing."""

    room: Slug
    message: MessageToPin


class PinnedMessage(Given):
    id: int = Field(examples=[17])
    seq: int = Field(description="where it stands in the room's log", examples=[40])


class PinEvent(Durable):
    message: PinnedMessage
    user: Person = Field(description="who it was")


class MessagePinned(PinEvent):
    """Somebody has pinned a message."""

    type: Literal["message.pinned"]


class MessageUnpinned(PinEvent):
    """Somebody has unpinned a message. One that is deleted is pinned no more, without this."""

    type: Literal["message.unpinned"]


class PinOut(Given):
    message: PinnedMessage
    author: Person | None = Field(description="whose message it is")
    text: str = Field(description="the beginning of what it says", examples=["Minutes: …"])
    user: Person | None = Field(description="who has pinned it")
    at: Timestamp


class PinList(Given):
    pins: list[PinOut] = Field(description="the last one first")
