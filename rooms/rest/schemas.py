"""What the REST API takes and gives, as types: the validation and the OpenAPI page come from here.

What it gives is made by `representations`; these types, and those of `protocol.shapes` that the
socket shares, hold it to its form, field by field. Other apps use them in schemas of their own.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from rooms.models import SLUG
from rooms.models.rooms import DESCRIPTION_CHARACTERS, LONGEST_SLOW_MODE_SECONDS
from rooms.protocol import Id, Seq
from rooms.protocol.answers import Epoch
from rooms.protocol.commands import whole
from rooms.protocol.shapes import (
    LONGEST_EDIT_WINDOW_SECONDS,
    DefaultRoom,
    DescriptionHtml,
    EditWindowOut,
    Given,
    MutedUntil,
    OpenLog,
    Person,
    Role,
    SlowModeSeconds,
    Timestamp,
    Visibility,
    WhoPosts,
)

# RFC 3339. Pydantic takes seconds since 1970, times without seconds and more.
_time = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _written_out(value: object) -> object:
    """As the document says it."""
    if isinstance(value, str) and not _time.fullmatch(value):
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


# Numbers in a body are numbers: `false` is none, and neither is "5".
BodyId = Annotated[Id, Field(strict=True)]
BodySeq = Annotated[Seq, Field(strict=True)]
# What `rest.json` refuses in every text, said to those who read the document.
_SAYS_NO_NUL = Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})
_SAYS_NOT_BLANK = Field(json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"})
Text = Annotated[str, _SAYS_NO_NUL]
Filled = Annotated[str, _SAYS_NOT_BLANK]
# Of a list, its next page.
Next = Annotated[str | None, Field(description="the address of the next page, null at the end")]
SlugText = Annotated[str, StringConstraints(pattern=rf"^{SLUG}$", max_length=64)]


class Taken(BaseModel):
    """Something the API takes. A misspelt field is an error: it might have said `private`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RoomOut(Given):
    slug: str
    name: str = Field(description="of a room between two, that of the other")
    other: Person | None = Field(description="the other person of a room between two")
    topic: str
    visibility: Visibility
    archived: bool
    edit_window: EditWindowOut
    who_posts: WhoPosts
    slow_mode: SlowModeSeconds
    default: DefaultRoom
    open_log: OpenLog
    created_at: Timestamp
    active_at: Timestamp
    seq: int = Field(description="the head of the room's log")
    epoch: Epoch
    role: Role | None = Field(description="the caller's, if they are a member")
    muted_until: MutedUntil
    read_seq: int | None
    unread: int
    mentions: int = Field(description="how many unread messages mention the caller")
    members: int


class WholeRoomOut(RoomOut):
    """With what lists leave out."""

    description: str = Field(description="Markdown")
    description_html: DescriptionHtml


class RoomPage(Given):
    rooms: list[RoomOut]
    next: Next


class NewRoom(Taken):
    slug: SlugText | None = Field(None, description="made from the name when it is missing")
    name: Annotated[Filled, Field(min_length=1, max_length=80)]
    topic: Annotated[Text, Field(max_length=250)] = ""
    visibility: Literal["public", "private"] = "public"


class RoomChange(Taken):
    """What is missing, or null, stays as it is."""

    name: Annotated[Filled, Field(min_length=1, max_length=80)] | None = None
    topic: Annotated[Text, Field(max_length=250)] | None = None
    description: Annotated[Text, Field(max_length=DESCRIPTION_CHARACTERS)] | None = Field(
        None, description="Markdown"
    )
    visibility: Literal["public", "private"] | None = None
    archived: Annotated[bool, Field(strict=True)] | None = None
    edit_window: (
        Annotated[
            int, Field(ge=1, le=LONGEST_EDIT_WINDOW_SECONDS, strict=True), BeforeValidator(whole)
        ]
        | Literal["always", "never"]
        | None
    ) = Field(None, description="for how many seconds a message may be edited, or when")
    who_posts: Literal["members", "moderators"] | None = None
    slow_mode: (
        Annotated[
            int, Field(ge=0, le=LONGEST_SLOW_MODE_SECONDS, strict=True), BeforeValidator(whole)
        ]
        | None
    ) = Field(None, description="seconds from one message of a member to their next")
    default: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="whether newcomers are members of it; for the site's staff"
    )
    open_log: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="whether members may read the moderation log"
    )


Somebody = Annotated[
    BodyId | Annotated[Filled, StringConstraints(min_length=1, max_length=150)],
    Field(description="a person's id, or user name"),
]


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
