"""What the REST API takes and gives, as types: the validation and the OpenAPI page come from here.

What it gives is made by `representations`; these types hold it to its form, field by field. Other
apps use `Person`, `Attachment` and the annotated strings in schemas of their own.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from .models import SLUG, Membership, Message, Room
from .protocol import Id, Seq

Timestamp = Annotated[
    str, Field(description="RFC 3339, UTC", json_schema_extra={"format": "date-time"})
]


def _written_out(value: object) -> object:
    """Seconds since 1970 are taken for times otherwise; the document says only strings are."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value):
        raise ValueError("Input should be a time like 2026-05-01T09:30:00Z")
    if not isinstance(value, str | datetime):
        raise ValueError("Input should be a string")
    return value


def _in_utc(value: datetime) -> datetime:
    """The first and the last day there are do not exist everywhere."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Input should be a time between the years 1 and 9999") from None


# A time as the API takes it: RFC 3339 with its offset.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
SlugText = Annotated[str, StringConstraints(pattern=rf"^{SLUG}$", max_length=64)]


class Given(BaseModel):
    """Something the API gives: exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Taken(BaseModel):
    """Something the API takes. A misspelt field is an error: it might have said `private`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Person(Given):
    id: int
    name: str


class AttachmentOut(Given):
    id: UUID
    name: str
    size: int = Field(description="bytes")
    content_type: str
    url: str


class MessageOut(Given):
    id: int
    room: str = Field(description="the room's slug")
    seq: int = Field(description="its place in the room's log")
    at: Timestamp
    author: Person | None
    body: str = Field(description="Markdown, as it was written")
    html: str = Field(description="the body as safe HTML")
    kind: Literal[tuple(Message.Kind.values)]  # type: ignore[valid-type]
    reply_to: int | None
    client_id: UUID | None
    job: UUID | None = Field(description="the job that a message of kind `job` reports on")
    attachments: list[AttachmentOut]


class RoomOut(Given):
    slug: str
    name: str
    topic: str
    visibility: Literal[tuple(Room.Visibility.values)]  # type: ignore[valid-type]
    archived: bool
    created_at: Timestamp
    active_at: Timestamp
    seq: int = Field(description="the head of the room's log")
    role: Literal[tuple(Membership.Role.values)] | None = Field(  # type: ignore[valid-type]
        description="the caller's, if they are a member"
    )
    read_seq: int | None
    unread: int
    members: int


class MemberOut(Given):
    user: Person
    role: Literal[tuple(Membership.Role.values)]  # type: ignore[valid-type]
    joined_at: Timestamp


Next = Annotated[str | None, Field(description="the address of the next page, null at the end")]


class RoomPage(Given):
    rooms: list[RoomOut]
    next: Next


class MemberPage(Given):
    members: list[MemberOut]
    next: Next


class MessagePage(Given):
    messages: list[MessageOut] = Field(description="ascending by `seq`")
    next: Annotated[
        str | None,
        Field(description="the address of the page after these: older ones, newer with `after`"),
    ]


class NewRoom(Taken):
    slug: SlugText | None = Field(None, description="made from the name when it is missing")
    name: Annotated[str, Field(min_length=1, max_length=80)]
    topic: Annotated[str, Field(max_length=250)] = ""
    visibility: Literal["public", "private"] = "public"


class NewMessage(Taken):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    body: Annotated[str, Field(min_length=1, description="Markdown")]
    client_id: UUID | None = Field(
        None, description="the same one again answers 200 with the message that is there already"
    )
    reply_to: Id | None = None


class ReadUpTo(Taken):
    seq: Seq


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="one word for programs", examples=["not_found"])
    detail: str = Field(description="a sentence for people")
    temporary: bool = Field(description="whether the same request may succeed later")
    errors: list["Finding"] = Field(default=[], description="each field that is wrong")


class Finding(BaseModel):
    place: str = Field("body", alias="in", examples=["body", "query", "path", "header"])
    pointer: str = Field(description="RFC 6901, into the body; or the parameter's name")
    message: str
