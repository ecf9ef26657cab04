"""Payloads made for Slack, whose marks are not those of Markdown. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rooms.protocol import Invalid

from .words import line, link

MOST_PARTS = 50

_reference = re.compile(r"<([^<>|\n]{1,1000})(?:\|([^<>\n]{0,300}))?>")
_bold = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]{1,500})(?<!\s)\*(?![\w*])")
_struck = re.compile(r"(?<![\w~])~(?!\s)([^~\n]{1,500})(?<!\s)~(?![\w~])")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
EVERYBODY = {"!here", "!channel", "!everyone"}


def text(told: Mapping[str, Any]) -> str:
    """Markdown. Raises Invalid where nothing is said."""
    parts = [part for part in _parts(told) if part][:MOST_PARTS]
    if not parts:
        raise Invalid("There is no text in it.")
    return "\n\n".join(parts)


def _parts(told: Mapping[str, Any]) -> Iterator[str]:
    blocks = list(_blocks(told.get("blocks")))
    # With blocks the text is what a notice says of them.
    if isinstance(told.get("text"), str) and not blocks:
        yield marked(told["text"])
    yield from blocks
    attachments = told.get("attachments")
    for each in attachments[:MOST_PARTS] if isinstance(attachments, list) else []:
        if isinstance(each, dict):
            yield from _attachment(each)


def _blocks(blocks: Any) -> Iterator[str]:
    for block in blocks[:MOST_PARTS] if isinstance(blocks, list) else []:
        if not isinstance(block, dict):
            continue
        fields = block.get("fields")
        texts = [block.get("text"), *(fields[:MOST_PARTS] if isinstance(fields, list) else [])]
        for each in texts:
            if isinstance(each, dict) and isinstance(each.get("text"), str):
                words = marked(each["text"])
                yield f"**{line(each['text'])}**" if block.get("type") == "header" else words


def _attachment(told: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(told.get("pretext"), str):
        yield marked(told["pretext"])
    if title := line(told.get("title")):
        yield f"**{link(title, told.get('title_link'))}**"
    said = next(
        (told[name] for name in ("text", "fallback") if isinstance(told.get(name), str)), ""
    )
    if said:
        yield marked(said)
    fields = told.get("fields")
    for field in fields[:MOST_PARTS] if isinstance(fields, list) else []:
        if isinstance(field, dict) and isinstance(field.get("value"), str):
            yield f"**{line(field.get('title'))}**: {marked(field['value'])}"


def marked(words: str) -> str:
    """Slack's marks as Markdown: `*bold*`, `~struck~`, `<https://…|words>`."""
    found = _struck.sub(r"~~\1~~", _bold.sub(r"**\1**", words))
    found = _reference.sub(_referred, found)
    for entity, sign in ENTITIES:
        found = found.replace(entity, "\\" + sign if sign == "<" else sign)
    return found


def _referred(found: re.Match[str]) -> str:
    address, words = found[1], found[2]
    if address in EVERYBODY:
        return "@room"
    if address[0] in "@#!":
        return line(words or address)
    return link(line(words), address) if words else f"<{address}>"
