"""What REST takes and gives of links into a room."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rooms.protocol.commands import whole
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Next, Taken, Text

from .actions import SECRET_CHARACTERS, WEEK_SECONDS

LONGEST_SECONDS = 365 * 86_400
MOST_USES = 100_000


class InviteLinkOut(Given):
    id: int
    state: Literal["open", "used_up", "expired", "blocked"] = Field(
        description="`open`, or why it lets nobody in; `blocked`: its maker's account is"
    )
    by: Person
    at: Timestamp
    until: Timestamp | None = Field(description="when it runs out; null: when it is taken back")
    uses: int = Field(description="how many came in by it")
    most_uses: int | None = Field(description="how many may; null: any number")
    used_at: Timestamp | None = Field(description="when somebody last did")


class InviteLinkMade(InviteLinkOut):
    url: str = Field(
        description="the link; it is shown this once",
        examples=["https://chat.example.org/invite/nR7dT2xQ0mZ4bV9sK1cLpw/"],
    )


class InviteLinkPage(Given):
    links: list[InviteLinkOut]
    next: Next


class NewInviteLink(Taken):
    seconds: (
        Annotated[int, Field(ge=60, le=LONGEST_SECONDS, strict=True), BeforeValidator(whole)] | None
    ) = Field(WEEK_SECONDS, description="how long it lasts; null: until it is taken back")
    most_uses: (
        Annotated[int, Field(ge=1, le=MOST_USES, strict=True), BeforeValidator(whole)] | None
    ) = Field(None, description="how many may come in by it; null: any number")


class InviteLinkSecret(Taken):
    secret: Annotated[Text, Field(min_length=1, max_length=SECRET_CHARACTERS)] = Field(
        description="the part of the link behind `/invite/`",
        examples=["nR7dT2xQ0mZ4bV9sK1cLpw"],
    )
