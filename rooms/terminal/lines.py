"""What a room looks like in lines of text. Pure. Nothing that people wrote reaches the terminal but
what can be read: no escape sequence, no control character, no reversal of the line."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

# An answer or event of the server, decoded.
Object = dict[str, Any]
INDENT = "\n        "
# Of the format characters only what joins emoji and letters is harmless in a line.
SHORT_CHARACTERS = 200
JOINERS = "\u200c\u200d"

# The line that an app's event leaves in the room, and what it says of something under way.
Line = Callable[[Object], str]
Running = Callable[[Object], tuple[str, str | None]]
_lines: dict[str, Line] = {}
_running: dict[str, Running] = {}


def register(type: str, line: Line) -> None:
    """What people wrote has to go through `clean`."""
    _lines[type] = line


def register_running(type: str, running: Running) -> None:
    _running[type] = running


def clean(text: str, newline: str = " ") -> str:
    """The text with every control character made visible."""
    return "".join(
        newline if character == "\n" else _visible(character)
        for character in text.replace("\r\n", "\n").replace("\t", "    ")
    )


def short(text: str) -> str:
    """The beginning of a text, where it only reminds the reader."""
    return clean(text if len(text) <= SHORT_CHARACTERS else f"{text[:SHORT_CHARACTERS]}…")


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc" and ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if category in ("Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs") or (category == "Cf" and character not in JOINERS):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def name(person: Object | None) -> str:
    return clean(person["name"]) if person else "somebody"


def message(said: Object) -> str:
    clock = datetime.fromisoformat(said["at"]).astimezone().strftime("%H:%M")
    if said.get("deleted"):
        return f"{clock}  {name(said['author'])}: (deleted)"
    body = clean(said["body"], INDENT)
    if said.get("edited_at"):
        body += " (edited)"
    files = "".join(f"{INDENT}↳ {clean(each['name'])}" for each in said["attachments"])
    if said["kind"] == "text":
        return f"{clock}  {name(said['author'])}: {body}{files}"
    return f"{clock}  {body}{files}"


def event(told: Object) -> str | None:
    """The line that an event leaves in the room, if it leaves one."""
    match told["type"]:
        case "message.created":
            return message(told["message"])
        case "member.joined":
            return f"—  {name(told['member']['user'])} joined"
        case "member.left":
            return f"—  {name(told['member']['user'])} left"
        case "member.changed":
            return _changed(told["member"])
        case "room.changed":
            room = told["changed"]
            state = " (archived)" if room["archived"] else _pace(room)
            return f"—  The room is {clean(room['name'])}{state}: {clean(room['topic'])}"
        case "unsubscribed":
            return f"—  No longer in {clean(told['room'])}: {clean(told['reason'])}"
    line = _lines.get(told["type"])
    return line(told) if line else None


def _changed(member: Object) -> str:
    """Their role, their name, or until when they are muted is another one."""
    line = f"—  {name(member['user'])} is {clean(member['role'])} now"
    # A server of before does not say it.
    until = member.get("muted_until")
    if until is None:
        return line
    return f"{line}, muted until {datetime.fromisoformat(until).astimezone():%Y-%m-%d %H:%M}"


def _pace(room: Object) -> str:
    """Who may post there, where not everybody may at any time. A server of before says neither."""
    said = ["moderators post"] if room.get("who_posts") == "moderators" else []
    if room.get("slow_mode"):
        said.append(f"slow mode: {int(room['slow_mode'])} s")
    return f" ({', '.join(said)})" if said else ""


def running(told: Object) -> tuple[str, str | None] | None:
    """What an event says of something that is under way: its key, and how it stands (None: it has
    ended). None for all other events."""
    told_of = _running.get(told["type"])
    return told_of(told) if told_of else None
