"""What answers, events and REST carry: a person, an attachment, a message, a member.

`core.representations` makes them; REST's `rest.schemas` builds on them.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from .parts import MESSAGE_CONFIG

Timestamp = Annotated[
    str,
    Field(
        description="RFC 3339, UTC",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        examples=["2026-05-01T09:30:00.000000Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
MutedUntil = Annotated[
    Timestamp | None,
    Field(description="until when they only read here; it ends by itself", examples=[None]),
]
# A test holds these to the choices of the models.
Role = Literal["owner", "moderator", "member"]
Visibility = Literal["public", "private", "direct"]
WhoPosts = Annotated[
    Literal["members", "moderators"],
    Field(description="everybody who may speak there, or owners and moderators alone"),
]
SlowModeSeconds = Annotated[
    int,
    Field(
        description="seconds from one message of a member to their next; 0: no slow mode",
        examples=[0],
    ),
]
DefaultRoom = Annotated[
    bool,
    Field(description="whether newcomers are members of it from their first log-in on"),
]
OpenLog = Annotated[
    bool,
    Field(description="whether members may read the moderation log, not only who looks after it"),
]
DescriptionHtml = Annotated[
    str,
    Field(description="the description as safe HTML", examples=["<p>Ask <em>anything</em>.</p>"]),
]
LONGEST_EDIT_WINDOW_SECONDS = 2**31 - 1
EditWindowOut = Annotated[
    Annotated[int, Field(ge=1, le=LONGEST_EDIT_WINDOW_SECONDS)] | Literal["always", "never"],
    Field(
        description="for how many seconds a message may be edited, or `always`, or `never`",
        examples=[86_400],
    ),
]
# Why somebody may not hear a room any more.
Withdrawal = Literal["not_a_member", "banned", "deleted"]


class Given(BaseModel):
    """Something the server gives: exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Person(Given):
    id: int = Field(examples=[3])
    name: str = Field(examples=["Ana"])


class AttachmentOut(Given):
    id: UUID = Field(examples=["5f0c7c5e-9a3b-4a53-8a86-0a6a3f5b1c11"])
    name: str = Field(examples=["report.pdf"])
    size: int = Field(description="bytes", examples=[18_231])
    content_type: str = Field(examples=["application/pdf"])
    width: int | None = Field(
        None, description="pixels, of a picture whose file says so", examples=[None]
    )
    height: int | None = Field(None, examples=[None])
    url: str = Field(
        description="relative to the server",
        examples=["/attachments/5f0c7c5e-9a3b-4a53-8a86-0a6a3f5b1c11/report.pdf"],
    )
    preview: str | None = Field(
        description="of a picture that is large or moves, a small one that stands still",
        examples=[None],
    )


class Deletion(Given):
    at: Timestamp
    by: Person | None = Field(description="its author, or who looks after the room")


class MessageOut(Given):
    """With the fields that apps have registered, each by the name of its part."""

    model_config = MESSAGE_CONFIG

    id: int = Field(examples=[4711])
    room: str = Field(description="the room's slug", examples=["lobby"])
    seq: int = Field(description="its place in the room's log", examples=[42])
    at: Timestamp
    author: Person | None
    body: str = Field(description="Markdown, as it was written", examples=["All *quiet*."])
    html: str = Field(
        description="the body as safe HTML: see What people write",
        examples=["<p>All <em>quiet</em>.</p>\n"],
    )
    kind: str = Field(examples=["text"])
    reply_to: int | None = Field(description="the `id` of a message", examples=[None])
    client_id: UUID | None = Field(
        description="its author's own", examples=["0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2"]
    )
    edited_at: Timestamp | None = Field(
        description="when the body was written that stands there; null: it is the first",
        examples=[None],
    )
    deleted: Deletion | None = Field(
        description="of a message that is no more, and of which body, html and files are empty:"
        " it stands where something answers it, and in the log",
        examples=[None],
    )
    attachments: list[AttachmentOut] = Field(examples=[[]])


class InvitedTo(Given):
    slug: str = Field(examples=["plans-x7k2m4q9ab"])
    name: str = Field(examples=["Plans"])
    visibility: Visibility
    members: int = Field(description="how many there are", examples=[3])


class OwnInvitation(Given):
    """What somebody is told who is invited."""

    room: InvitedTo
    role: Role = Field(description="the one that they would have", examples=["member"])
    by: Person | None
    at: Timestamp
    until: Timestamp = Field(description="when it runs out")


class MemberOut(Given):
    user: Person
    role: Role = Field(examples=["member"])
    joined_at: Timestamp
    muted_until: MutedUntil
