"""What REST takes and gives of messages."""

from typing import Annotated

from pydantic import ConfigDict, Field

from rooms.protocol.answers import Epoch
from rooms.protocol.commands import WrittenUUID
from rooms.protocol.shapes import Given, MessageOut
from rooms.rest.schemas import BodyId, Filled, Taken


class MessagePage(Given):
    messages: list[MessageOut] = Field(description="ascending by `seq`")
    epoch: Epoch
    next: Annotated[
        str | None,
        Field(description="the address of the page after these: older ones, newer with `after`"),
    ]


class NewMessage(Taken):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    body: Annotated[Filled, Field(min_length=1, description="Markdown")]
    client_id: WrittenUUID | None = Field(
        None, description="the same one again answers 200 with the message that is there already"
    )
    reply_to: BodyId | None = None
