"""What a room looks like in lines of text. Pure. Nothing that people wrote reaches the terminal but
what can be read: no escape sequence, no control character, no reversal of the line."""

import unicodedata
from datetime import datetime
from typing import Any

Object = dict[str, Any]
INDENT = "\n        "
# Of the format characters only what joins emoji and letters is harmless in a line.
JOINERS = "\u200c\u200d"
ENDS = {
    "succeeded": "✓ done",
    "failed": "✗ failed",
    "cancelled": "✗ cancelled",
}


def clean(text: str, newline: str = " ") -> str:
    """The text with every control character made visible."""
    return "".join(
        newline if character == "\n" else _visible(character)
        for character in text.replace("\r\n", "\n").replace("\t", "    ")
    )


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
    body = clean(said["body"], INDENT)
    files = "".join(f"{INDENT}↳ {clean(each['name'])}" for each in said["attachments"])
    if said["kind"] == "text":
        return f"{clock}  {name(said['author'])}: {body}{files}"
    return f"{clock}  {body}{files}"


def job(described: Object) -> str:
    """A job's card in one line: `Report · running 3/7 days`."""
    state = described["state"]
    text = f"{clean(described['title'])} · {ENDS.get(state, clean(state))}"
    if state in ("running", "retrying") and described["attempt"] > 1:
        text += f", attempt {described['attempt']} of {described['max_attempts']}"
    if state == "running" and described["progress"]:
        text += f" {progress(described['progress'])}"
    if described["error"]:
        text += f": {clean(described['error']['message'] or described['error']['class'])}"
    return text


def progress(made: Object) -> str:
    total = "" if made["total"] is None else f"/{made['total']:g}"
    return f"{made['current']:g}{total} {clean(made['text'])}".rstrip()


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
            return f"—  {name(told['member']['user'])} is {clean(told['member']['role'])} now"
        case "room.changed":
            room = told["changed"]
            state = " (archived)" if room["archived"] else ""
            return f"—  The room is {clean(room['name'])}{state}: {clean(room['topic'])}"
        case "job.changed":
            return f"▪  {job(told['job'])}"
        case "unsubscribed":
            return f"—  No longer in {clean(told['room'])}: {clean(told['reason'])}"
    return None
