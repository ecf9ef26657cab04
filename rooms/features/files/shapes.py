"""Files of a room: what REST gives."""

from pydantic import Field

from rooms.protocol.shapes import AttachmentOut, Given, Person, Timestamp
from rooms.rest.schemas import Next


class FileMessage(Given):
    id: int = Field(examples=[17])
    seq: int = Field(description="where it stands in the room's log", examples=[40])


class FileOfRoom(Given):
    file: AttachmentOut
    message: FileMessage = Field(description="the message that it came with")
    author: Person | None
    at: Timestamp


class FilePage(Given):
    files: list[FileOfRoom] = Field(description="those of the last message first")
    next: Next
