"""What REST takes and gives of bans."""

from typing import Annotated

from pydantic import Field

from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Moment, Next, Somebody, Taken, Text


class BanOut(Given):
    user: Person | None = Field(description="null: a stranger, of whom only `name` is told")
    name: str = Field(description="a stranger's as it was typed, whether it is somebody's or not")
    by: Person | None
    reason: str
    at: Timestamp
    until: Timestamp | None = Field(description="when it runs out; null: when it is lifted")


class BanPage(Given):
    bans: list[BanOut]
    next: Next


class NewBan(Taken):
    user: Somebody
    reason: Annotated[Text, Field(max_length=250, description="for the moderators")] = ""
    until: Moment | None = Field(None, description="when it runs out; null: when it is lifted")
