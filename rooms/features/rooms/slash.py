"""`/topic TEXT`, and `/help`: what can be typed instead of a message. Registered by `slice`."""

from typing import Any
from uuid import UUID

from rooms.core import lookup, slash
from rooms.core.slash import SlashCommand
from rooms.models import User
from rooms.protocol import Invalid
from rooms.protocol.answers import PrivateWords
from rooms.text import lines

from . import changes

TOPIC_CHARACTERS = 250


def set_topic(user: User, slug: str, text: str, _client_id: UUID) -> dict[str, Any]:
    """Without a text it says the topic."""
    room, _ = lookup.find_room(user, slug)
    topic = lines.one_line(text)
    if not topic:
        return _words(f"Topic: {room.topic}" if room.topic else "There is no topic yet.")
    if len(topic) > TOPIC_CHARACTERS:
        raise Invalid(f"A topic has at most {TOPIC_CHARACTERS} characters, not {len(topic):,}.")
    changes.change_room(room.pk, {"topic": topic}, by=user)
    return _words(f"The topic is now: {topic}")


def explain(_user: User, _slug: str, name: str, _client_id: UUID) -> dict[str, Any]:
    """Of one command, or of all."""
    wanted = name.removeprefix("/").lower()
    commands = [each for each in slash.known() if wanted in ("", each.name)]
    if not commands:
        raise Invalid(f"There is no command /{wanted[:40]}. /help lists them all.")
    told = [f"{each.usage} – {each.summary}" for each in commands]
    return _words("\n".join(told))


def _words(text: str) -> dict[str, Any]:
    return {"type": "words", "words": text}


TOPIC = SlashCommand("topic", "/topic TEXT", "Say what the room is about.", set_topic, PrivateWords)
HELP = SlashCommand(
    "help", "/help [COMMAND]", "List what can be typed here.", explain, PrivateWords
)
