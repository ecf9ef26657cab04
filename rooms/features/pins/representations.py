"""The JSON of what is pinned in a room, for its page and for REST."""

from typing import Any

from rooms.core.representations import person, timestamp
from rooms.models import Membership, Pin, Room, User
from rooms.text import graphemes

TEXT_CHARACTERS = 200


def of_page(_user: User, room: Room, _membership: Membership | None) -> dict[str, Any]:
    """By the messages' ids, as the events that have announced them say it: what a message says, the
    page knows or asks for."""
    rows = Pin.objects.filter(room=room).select_related("by", "message")
    rows = rows.only("seq", "at", "message__seq", *(f"by__{each}" for each in User.SHOWN))
    return {
        "pins": {
            str(row.message_id): {
                "seq": row.seq,
                "message": {"id": row.message_id, "seq": row.message.seq},
                "user": person(row.by),
                "at": timestamp(row.at),
            }
            for row in rows
        }
    }


def of_room(room: Room) -> list[dict[str, Any]]:
    """What was pinned last comes first."""
    rows = Pin.objects.filter(room=room).order_by("-seq")
    return [
        {
            "message": {"id": row.message_id, "seq": row.message.seq},
            "author": person(row.message.author),
            "text": graphemes.cut(row.message.body, TEXT_CHARACTERS, graphemes.ELLIPSIS),
            "user": person(row.by),
            "at": timestamp(row.at),
        }
        for row in rows.select_related("by", "message__author")
    ]
