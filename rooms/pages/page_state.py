"""What a page starts from, as one JSON value: embedded in the page, or fetched when the person
changes the room without leaving the page. Called by `views`.

Everything is as the socket and REST show it, so that the browser has one way to read it. `head` is
read first: what is written meanwhile comes again over the socket and is recognised by its `seq`;
and before it the `epoch`, so that a position of before is never taken for one of a later history.
"""

from typing import Any

from django.utils import timezone

from rooms import slices
from rooms.core import counterparts, inbox, installation, representations, slash
from rooms.core.membership import BY_ROLE
from rooms.features.members import listing
from rooms.limits import limits
from rooms.models import Event, Membership, Message, Room, User
from rooms.models.rooms import DESCRIPTION_COLUMNS
from rooms.protocol import PROTOCOL

from . import permissions

HISTORY_MESSAGES = 50
# Of a message that is to be shown and is further up: so many on each side.
BESIDE_MESSAGES = 25
LARGEST_ID = 2**63 - 1
SHOWN_MEMBERS = 200
NOTICE_EVENTS = ("member.joined", "member.left")


def of_person(user: User) -> dict[str, Any]:
    """What every page of a person needs: who they are and their rooms."""
    epoch = installation.read().epoch
    rows = (
        Membership.objects.filter(user=user)
        .select_related("room")
        .defer(*(f"room__{column}" for column in DESCRIPTION_COLUMNS))
        .order_by("room__name")
    )
    mine = list(rows)
    others = counterparts.of_rooms(user, [row.room for row in mine])
    return {
        "protocol": PROTOCOL,
        "epoch": epoch,
        "now": representations.timestamp(timezone.now()),
        "user": {"id": user.pk, "name": user.name, "staff": user.is_staff},
        "rooms": [
            representations.room(row.room, row, other=others.get(row.room_id)) for row in mine
        ],
        "invitations": listing.of_person(user),
        "inbox": inbox.open_count(user),
        "commands": [
            {"name": command.name, "usage": command.usage, "summary": command.summary}
            for command in slash.known()
        ],
        "limits": {"message_characters": limits().message_characters},
        "room": None,
    }


def of_room(
    user: User, room: Room, membership: Membership | None, message: int | None = None
) -> dict[str, Any]:
    """A person's view of one room: its latest messages, its members, what happened meanwhile.
    `message` is the id of one that is to be shown: `shown` says where it is."""
    person = of_person(user)
    head = Room.objects.values_list("last_seq", flat=True).get(pk=room.pk)
    messages = list(
        Message.objects.filter(room=room)
        .select_related("author")
        .prefetch_related("attachments")
        .order_by("-seq")[: HISTORY_MESSAGES + 1]
    )
    older = len(messages) > HISTORY_MESSAGES
    messages = messages[:HISTORY_MESSAGES][::-1]
    notices = Event.objects.filter(
        room=room, type__in=NOTICE_EVENTS, seq__gt=messages[0].seq if older else 0, seq__lte=head
    ).order_by("-seq")[:HISTORY_MESSAGES]
    members = room.memberships.select_related("user").order_by(BY_ROLE, "user__username")
    other = counterparts.of_room(user, room)
    count = room.memberships.count()
    shown = representations.room(room, membership, count, other=other, whole=True)
    return person | {
        "room": shown,
        "first_unread": _first_unread(room, shown, messages) if older else None,
        "shown": None if message is None else _shown(room, message, messages if older else []),
        "head": head,
        "messages": representations.messages(messages, room.slug),
        "older": older,
        "notices": [
            {
                "type": row.type,
                "room": room.slug,
                "seq": row.seq,
                "at": representations.timestamp(row.at),
                **row.payload,
            }
            for row in reversed(notices)
        ],
        "members": [representations.member(row) for row in members[:SHOWN_MEMBERS]],
        "may": permissions.of_roles(room),
        "extra": slices.room_state(user, room, membership),
    }


def _first_unread(
    room: Room, shown: dict[str, Any], messages: list[Message]
) -> dict[str, Any] | None:
    """Where the news begin, if that is above the messages that the page has."""
    if not shown["unread"] or messages[0].seq <= shown["read_seq"]:
        return None
    found = Message.objects.filter(room=room, seq__gt=shown["read_seq"]).order_by("seq")
    first = found.values_list("seq", "created_at").first()
    return first and {"seq": first[0], "at": representations.timestamp(first[1])}


def _shown(room: Room, message: int, end: list[Message]) -> dict[str, Any]:
    """Where a message is, by its id, and what stands `around` it, if that is above `end`. Without a
    `seq` it is not in this room: it was never, or nothing of it is left. `deleted`: of what it said
    nothing is left."""
    rows = Message.objects.filter(room=room, pk=min(message, LARGEST_ID))
    seq, deleted_at = rows.values_list("seq", "deleted_at").first() or (None, None)
    around = None
    if seq is not None and end and seq < end[0].seq:
        around = _around(room, seq)
    return {"id": message, "seq": seq, "deleted": deleted_at is not None, "around": around}


def _around(room: Room, seq: int) -> dict[str, Any]:
    rows = Message.objects.filter(room=room).select_related("author")
    rows = rows.prefetch_related("attachments")
    above = list(rows.filter(seq__lte=seq).order_by("-seq")[: BESIDE_MESSAGES + 1])
    below = list(rows.filter(seq__gt=seq).order_by("seq")[:BESIDE_MESSAGES])
    messages = above[:BESIDE_MESSAGES][::-1] + below
    return {
        "messages": representations.messages(messages, room.slug),
        "older": len(above) > BESIDE_MESSAGES,
    }
