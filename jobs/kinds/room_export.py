"""`room.export`: the whole history of a room, for programs and for people."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Any, Literal

import orjson
from django.core.files.base import File
from django.utils import timezone
from django.utils.html import escape
from pydantic import Field

from jobs.registry import BULK, Params, kind
from jobs.running.context import Context
from rooms.core import representations
from rooms.limits import limits
from rooms.models import Message, Room

MESSAGES_PER_PAGE = 500

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 15px/22px system-ui, sans-serif; }}
body {{ max-width: 45rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font-size: 13px; margin: 2rem 0 .5rem; border-bottom: 1px solid #8884; }}
article {{ margin: .75rem 0; }} article p {{ margin: .25rem 0; }}
b, article, h1 {{ unicode-bidi: isolate; overflow-wrap: anywhere; }}
time {{ color: #7a8194; font-size: 13px; }} .quiet {{ opacity: .75; font-size: 13px; }}
pre {{ overflow-x: auto; padding: .5rem; background: #8882; }}
blockquote {{ margin: 0; padding-left: .75rem; border-left: 3px solid #8886; }}
</style></head><body><h1 dir="auto">{title}</h1>
"""
FOOT = "</body></html>\n"


class ExportParams(Params):
    formats: Literal["both", "ndjson", "html"] = Field(
        "both", description="one JSON object a line, a page to read, or both"
    )


@kind(
    "room.export",
    title="Room export",
    params=ExportParams,
    queue=BULK,
    soft_time_limit=1800,
    needs_room=True,
    at_once=1,
    key="room",
)
def room_export(ctx: Context[ExportParams]) -> dict[str, Any]:
    """The room's whole history as a file for programs and a page to read."""
    room = ctx.room
    wanted = FORMS[ctx.params.formats]
    with ExitStack() as stack:
        parts = [stack.enter_context(form(ctx)) for form in wanted]
        total, done = room.message_count, 0
        for messages in pages(room):
            for message in messages:
                for part in parts:
                    part.add(message)
            done += len(messages)
            ctx.progress(done, max(total, done), "messages")
        files = sum(part.finish() for part in parts)
    return {
        "summary": f"{done:,} {'message' if done == 1 else 'messages'} of {room.name} in"
        f" {files} {'file' if files == 1 else 'files'}."
    }


def pages(room: Room) -> Iterator[list[Message]]:
    """The history in order, up to where it ended when the job began."""
    after = 0
    while True:
        rows = list(
            Message.objects.filter(room=room, seq__gt=after, seq__lte=room.last_seq)
            .select_related("author")
            .prefetch_related("attachments")
            .order_by("seq")[:MESSAGES_PER_PAGE]
        )
        if rows:
            yield rows
        if len(rows) < MESSAGES_PER_PAGE:
            return
        after = rows[-1].seq


class Export:
    """A file on the disk that is attached when it ends, and begun anew when it is full: memory
    holds one page of messages, however long the history is."""

    suffix = ""
    content_type = ""

    def __init__(self, ctx: Context[ExportParams]) -> None:
        self.ctx, self.room = ctx, ctx.room
        self.number = 0
        self.size = 0
        self.file: IO[bytes] = TemporaryFile()

    def __enter__(self) -> "Export":
        self.write(self.head())
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def head(self) -> bytes:
        return b""

    def foot(self) -> bytes:
        return b""

    def entry(self, message: Message) -> bytes:
        raise NotImplementedError

    def add(self, message: Message) -> None:
        entry = self.entry(message)
        if self.size + len(entry) + len(self.foot()) > limits().upload_bytes:
            self.attach(f"-{self.number + 1}")
            self.file.close()
            self.file, self.size = TemporaryFile(), 0
            self.write(self.head())
            entry = self.entry(message)
        self.write(entry)

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.size += len(data)

    def attach(self, part: str) -> None:
        self.write(self.foot())
        self.file.flush()
        name = f"{self.room.slug}-{timezone.localdate()}{part}{self.suffix}"
        self.ctx.attach(name, self.content_type, File(self.file, name=name))
        self.number += 1

    def finish(self) -> int:
        """How many files there are."""
        self.attach(f"-{self.number + 1}" if self.number else "")
        return self.number


class Lines(Export):
    """NDJSON: messages as the API gives them, one a line."""

    suffix, content_type = ".ndjson", "application/x-ndjson"

    def entry(self, message: Message) -> bytes:
        return orjson.dumps(representations.message(message, self.room.slug)) + b"\n"


class Page(Export):
    """HTML that needs nothing beside it."""

    suffix, content_type = ".html", "text/html"
    day = ""

    def head(self) -> bytes:
        self.day = ""
        return HEAD.format(title=escape(self.room.name)).encode()

    def foot(self) -> bytes:
        return FOOT.encode()

    def entry(self, message: Message) -> bytes:
        at = timezone.localtime(message.created_at)
        day = ""
        if f"{at:%Y-%m-%d}" != self.day:
            self.day = f"{at:%Y-%m-%d}"
            day = f"<h2>{at:%A}, {self.day}</h2>\n"
        name = message.author.name if message.author else "Somebody who left"
        files = "".join(
            f'<p class="quiet">{escape(file.name)}, {file.size:,} bytes</p>'
            for file in message.attachments.all()
        )
        said = message.kind == Message.Kind.TEXT and message.deleted_at is None
        quiet = "" if said else ' class="quiet"'
        html = message.html if message.deleted_at is None else "<p>Message deleted</p>"
        edited = " (edited)" if message.edited_at else ""
        return (
            f'{day}<article id="m{message.seq}"{quiet}><b dir="auto">{escape(name)}</b>'
            f' <time datetime="{at:%Y-%m-%dT%H:%M:%S%z}">{at:%H:%M}</time>{edited}'
            f'<div dir="auto">{html}</div>{files}</article>\n'
        ).encode()


FORMS: dict[str, list[type[Export]]] = {"both": [Lines, Page], "ndjson": [Lines], "html": [Page]}
