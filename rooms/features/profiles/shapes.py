"""What people say of themselves: what REST takes and gives, and the event of a name."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rooms.models import User
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import Given, Person, Role
from rooms.rest.schemas import Taken, Text
from rooms.text.lines import one_line

MOST_NAME_CHARACTERS = 80
MOST_PRONOUN_CHARACTERS: int = User._meta.get_field("pronouns").max_length or 0
MOST_ABOUT_CHARACTERS: int = User._meta.get_field("about").max_length or 0

OneLine = Annotated[Text, AfterValidator(one_line)]


class PersonEvent(Ephemeral):
    """The user, or somebody they have a room between two with, is called something else. Told to
    all connections of the user; in the log of each room of that person stands `member.changed`."""

    type: Literal["person"]
    user: Person


class PersonCard(Given):
    """What somebody's card shows."""

    id: int = Field(examples=[3])
    username: str = Field(examples=["ana"])
    name: str = Field(description="what other people read", examples=["Ana"])
    pronouns: str = Field(examples=["she/her"])
    about: str = Field(examples=["Keeps the tide gauges running."])
    role: Role | None = Field(
        description="in the room that was asked about; null where none was, or they are no member",
        examples=["member"],
    )


class OwnProfile(Given):
    id: int = Field(examples=[3])
    username: str = Field(examples=["ana"])
    name: str = Field(description="what other people read", examples=["Ana"])
    pronouns: str = Field(examples=["she/her"])
    about: str = Field(examples=["Keeps the tide gauges running."])


class ProfileChange(Taken):
    """What is missing, or null, stays as it is. Each is one line."""

    name: Annotated[OneLine, Field(max_length=MOST_NAME_CHARACTERS)] | None = Field(
        None, description="empty: people read the user name"
    )
    pronouns: Annotated[OneLine, Field(max_length=MOST_PRONOUN_CHARACTERS)] | None = None
    about: Annotated[OneLine, Field(max_length=MOST_ABOUT_CHARACTERS)] | None = None
