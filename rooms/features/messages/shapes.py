"""Messages: the commands that change them, the events that tell it, what REST takes and gives."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from rooms.protocol import Command, Id, Slug
from rooms.protocol.answers import Epoch
from rooms.protocol.commands import MOST_FILES, WrittenUUID
from rooms.protocol.events import Durable
from rooms.protocol.shapes import Deletion, Given, MessageOut, Timestamp
from rooms.rest.schemas import BodyId, Filled, Taken, Text

MessageId = Annotated[Id, Field(description="the `id` of a message of the room")]


class Edit(Command):
    """Have one's own message say something else. The same text again changes nothing."""

    room: Slug
    message: MessageId
    body: str = Field(
        description="Markdown; a slash at the start is a slash", examples=["*All* quiet."]
    )


class Delete(Command):
    """Delete a message: its text, what it said before and its files. Where something answers it, a
    message without a text stays."""

    room: Slug
    message: MessageId


class MessageEdited(Durable):
    """A message says something else."""

    type: Literal["message.edited"]
    message: MessageOut = Field(description="all of it, as it is now")


class DeletedMessage(MessageOut):
    """What is left of a message."""

    body: str = Field(examples=[""])
    html: str = Field(examples=[""])
    deleted: Deletion


class MessageDeleted(Durable):
    """A message is no more. The events that told its text tell it no more either: in the log they
    carry the same as this one."""

    type: Literal["message.deleted"]
    message: DeletedMessage
    kept: bool = Field(
        description="whether that stays in the room's history, because something answers it",
        examples=[False],
    )


class MessagePage(Given):
    messages: list[MessageOut] = Field(description="ascending by `seq`")
    epoch: Epoch
    next: Annotated[
        str | None,
        Field(description="the address of the page after these: older ones, newer with `after`"),
    ]


class NewMessage(Taken):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    body: Annotated[Text, Field(description="Markdown; with `files` it may be empty")] = ""
    client_id: WrittenUUID | None = Field(
        None, description="the same one again answers 200 with the message that is there already"
    )
    reply_to: BodyId | None = None
    files: list[WrittenUUID] = Field(
        default=[],
        max_length=MOST_FILES,
        description="the `id` of each of your uploads in the room that is to be sent with it",
    )


class NewText(Taken):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    body: Annotated[Filled, Field(min_length=1, description="Markdown")]


class EarlierText(Given):
    body: str = Field(description="Markdown, as it was written")
    at: Timestamp = Field(description="when it was written")
    until: Timestamp = Field(description="when something else took its place")


class EarlierTexts(Given):
    edits: list[EarlierText] = Field(description="the oldest first")
