"""What clients are told about rooms. Other apps register theirs in `ready()`.

Durable events are entries of a room's log: numbered, and told to everybody who asks for what came
after a number. The others are told once to those who are there, or not at all. One rule tells them
apart, for every client and app: what has an `at` is durable, and has `room` and `seq` as well.
"""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from .answers import Bye, Heartbeat, Hello, Present, RoomSlug, Told
from .shapes import (
    DefaultRoom,
    DescriptionHtml,
    EditWindowOut,
    MemberOut,
    MessageOut,
    OpenLog,
    Person,
    SlowModeSeconds,
    Timestamp,
    Visibility,
    WhoPosts,
    Withdrawal,
)


class Durable(Told):
    """An entry of a room's log."""

    room: RoomSlug
    seq: int = Field(description="its number in the room's log: no gaps, no doubles", examples=[42])
    at: Timestamp


class Ephemeral(Told):
    """Not kept. A slow connection is told only the latest of each kind, or none."""


class MessageCreated(Durable):
    """Somebody has said something."""

    type: Literal["message.created"]
    message: MessageOut


class MemberJoined(Durable):
    """Somebody has become a member."""

    type: Literal["member.joined"]
    member: MemberOut


class Gone(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    user: Person


class MemberLeft(Durable):
    """Somebody is not a member any more."""

    type: Literal["member.left"]
    member: Gone


class MemberChanged(Durable):
    """A member has another role, is muted or not any more, or is called something else: what they
    have said is theirs under the new name."""

    type: Literal["member.changed"]
    member: MemberOut


class RoomDetails(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(examples=["Lobby"])
    topic: str = Field(examples=["Everything and nothing"])
    description: str = Field(description="Markdown", examples=["Ask *anything*."])
    description_html: DescriptionHtml
    visibility: Visibility
    archived: bool = Field(examples=[False])
    edit_window: EditWindowOut
    who_posts: WhoPosts = Field(examples=["members"])
    slow_mode: SlowModeSeconds
    default: DefaultRoom = Field(examples=[False])
    open_log: OpenLog = Field(examples=[False])


class RoomChanged(Durable):
    """What the room says of itself, who sees it, who may post there, or its state is another."""

    type: Literal["room.changed"]
    changed: RoomDetails = Field(description="all of them, as they are now")


class Withdrawn(Told):
    """The server has ended a subscription, unasked: the user may not hear the room any more."""

    type: Literal["unsubscribed"]
    room: RoomSlug
    reason: Withdrawal = Field(
        description="`not_a_member` any more of a room that is for members, `banned`, or the room"
        " is `deleted`",
        examples=["banned"],
    )


class TypingEvent(Ephemeral):
    """Somebody is writing. Told every two seconds while they are; a message of theirs ends it."""

    type: Literal["typing"]
    room: RoomSlug
    user: Person


class PresenceEvent(Ephemeral):
    """Who is here has changed."""

    type: Literal["presence"]
    room: RoomSlug
    present: Present


class UnreadEvent(Ephemeral):
    """How much is unread in a room of the user's that this connection does not listen to, or where
    they have read elsewhere, or of which they have become a member just now."""

    type: Literal["unread"]
    room: RoomSlug
    unread: int = Field(description="messages", ge=0, examples=[3])
    seq: int = Field(description="the head of the room's log", examples=[45])


class LeftEvent(Ephemeral):
    """A room is not among the user's own any more: they left it, were put out of it, or it was
    deleted. Told to all their connections, whether they listen to it or not."""

    type: Literal["left"]
    room: RoomSlug


_registered: list[type[Told]] = [
    Hello,
    MessageCreated,
    MemberJoined,
    MemberLeft,
    MemberChanged,
    RoomChanged,
    Withdrawn,
    TypingEvent,
    PresenceEvent,
    UnreadEvent,
    LeftEvent,
    Heartbeat,
    Bye,
]


def register(event: type[Told]) -> None:
    """Make an event that an app tells part of the protocol's documents."""
    if any(name(event) == name(each) for each in _registered):
        raise ValueError(f"the event {name(event)!r} is registered twice")
    check(event)
    _registered.append(event)


def check(event: type[Told]) -> None:
    """Raises ValueError when clients could not tell what it is."""
    fields = event.model_fields.keys()
    if "id" in fields:
        raise ValueError(f"{name(event)!r} has an `id`, which only answers have")
    if issubclass(event, Durable) and not {"room", "seq", "at"} <= fields:
        raise ValueError(f"{name(event)!r} is durable and needs `room`, `seq` and `at`")
    if not issubclass(event, Durable) and "at" in fields:
        raise ValueError(f"{name(event)!r} is not durable, and only what is has an `at`")


def registered() -> list[type[Told]]:
    """All that is told without having been asked for."""
    return list(_registered)


def name(told: type[Told]) -> str:
    """What stands in an object's `type`."""
    return str(get_args(told.model_fields["type"].annotation)[0])


for _each in _registered:
    check(_each)
