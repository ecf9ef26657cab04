"""Threads: the command, and what REST gives."""

from typing import Annotated

from pydantic import Field

from rooms.protocol import Command, Id, Slug
from rooms.protocol.shapes import Given, MessageOut
from rooms.rest.schemas import Next

MessageOfThread = Annotated[
    Id, Field(description="the `id` of the message that began the thread, or of a reply")
]


class FollowThread(Command):
    """Be told of a thread's replies in your inbox, or stop that. The same again changes nothing."""

    room: Slug
    message: MessageOfThread
    follow: bool = True


class ThreadOut(Given):
    root: MessageOut = Field(description="the message that began it")
    messages: list[MessageOut] = Field(description="its replies, in the room's order")
    follows: bool = Field(description="whether you are told of its replies")
    head: int = Field(description="the room's, before this was read")
    epoch: str = Field(description="of which history the positions are")
    next: Next
