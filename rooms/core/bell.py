"""The only door to the channel layer for sending. A bell says that something is there; it may be
lost, late, doubled or out of order, and nothing is lost by it.

Called by `log` after a commit, by `actions` for what is not kept, from any thread of any process.
`ringer` sends them.

The messages, all read by `live.delivery.hub`:

    {"type": "events", "room": id, "first": seq, "last": seq, "events": [encoded, …] or absent,
     "before": `at` of the event before them, "at": `at` of the last}
    {"type": "rooms", "bells": [such messages]}                           to every process
    {"type": "whisper", "room": id, "key": fact, "data": encoded}         to a room's subscribers
    {"type": "personal", "user": id, "key": fact, "data": encoded}        to a user's connections
    {"type": "personals", "key": fact, "told": [[user, data], …]}         the same, of many users
    {"type": "activity", "rooms": [[id, last_seq, message_count,
                                    [[author, number of their last message], …]], …]}
    {"type": "presence", "rooms": [[id, version], …]}     rooms whose list of present people changed
    {"type": "echo", "number": int}                        to the process that called, by `echo`
    {"type": "watch", "user": id, "watched": [the fields of `read_state.ReadState`]}
    {"type": "rollcall.…", "process": id, "label": str, …}     of `process_query` to its like
    {"type": "epoch"}                                 look in the database whether it went back
    {"type": "access", "user": id or None, "room": id or None, "gone": whether the room is}
                                                  look in the database whether they may still hear

Of what is not kept, the last value of a fact is told. `fact` makes its key of the room and of what
stands here; apps add theirs:

    typing:USER     somebody types
    read:USER       how far somebody has read
    inbox           how many entries of the connection's user's inbox are open
    mentions        how many unread messages mention the connection's user
    presence        who is there                                  made by `live.delivery.presence`
    unread          how much of it the connection's user has not read, or that it is not theirs any
                    more                                    made by `live.delivery.unread_notices`
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from rooms.protocol import encode

from .event_bells import EVERYONE, EventRun, LayerMessage, room_group
from .read_state import ReadState
from .ringer import Activity, Ringer, post

# Above so many, users share layer messages, because each goes to every process.
TOLD_APART = 20
TOLD_TOGETHER = 200


def ring_on_commit(rung: Iterable[EventRun], activity: Iterable[Activity]) -> None:
    """After the commit, tell the events to the rooms' subscribers and each room's activity to the
    processes whose users are members."""
    batches, rooms = list(rung), list(activity)

    def put(ringer: Ringer) -> None:
        for batch in batches:
            ringer.put_events(batch)
        for each in rooms:
            ringer.put_activity(each)

    transaction.on_commit(lambda: post(put), robust=True)


def fact(room_id: int | None, key: str) -> str:
    """The key of something not kept: a connection is in many rooms, and each has its own facts."""
    return f"{'' if room_id is None else room_id}:{key}"


def whisper(room_id: int, key: str, event: dict[str, Any]) -> None:
    """Tell a room's subscribers something that is not kept. `key` says what it is about within the
    room, as in the table above; the last value of it wins."""
    known = fact(room_id, key)
    note = {"type": "whisper", "room": room_id, "key": known, "data": encode(event)}
    post(lambda ringer: ringer.put_note(room_group(room_id), known, note))


def presence(rooms: list[tuple[int, str]]) -> None:
    """Tell every process that the lists of who is in these rooms have new versions."""
    if rooms:
        # Versions never come twice: no bell takes another's place.
        room_id, version = rooms[0]
        note = {"type": "presence", "rooms": rooms}
        post(lambda ringer: ringer.put_note(EVERYONE, f"presence:{room_id}:{version}", note))


def tell(user_id: int, key: str, event: dict[str, Any], room_id: int | None = None) -> None:
    """Tell all connections of a user something that is not kept, about a room or about none."""
    known = fact(room_id, key)
    note = {"type": "personal", "user": user_id, "key": known, "data": encode(event)}
    post(lambda ringer: ringer.put_note(EVERYONE, f"{user_id}:{known}", note))


def tell_many(events: Mapping[int, dict[str, Any]], key: str, room_id: int | None = None) -> None:
    """Tell many users something, each of them their own."""
    if len(events) <= TOLD_APART:
        for user_id, event in events.items():
            tell(user_id, key, event, room_id)
        return
    known = fact(room_id, key)
    told = [(user_id, encode(event)) for user_id, event in events.items()]
    for start in range(0, len(told), TOLD_TOGETHER):
        _tell_together(known, told[start : start + TOLD_TOGETHER])


def _tell_together(key: str, told: list[tuple[int, bytes]]) -> None:
    """No such message takes another one's place: it may be about other people."""
    note = {"type": "personals", "key": key, "told": told}
    post(lambda ringer: ringer.put_note(EVERYONE, f"personals:{id(note)}:{key}", note))


def echo(group: str, number: int) -> None:
    """Send to a group that only the caller is in: its echo proves that bells arrive."""
    note = {"type": "echo", "number": number}
    post(lambda ringer: ringer.put_note(group, "echo", note))


def read_state(user_id: int, state: ReadState) -> None:
    """A user's membership began, ended, or they have read further."""
    note = {"type": "watch", "user": user_id, "watched": list(state)}
    post(lambda ringer: ringer.put_note(EVERYONE, f"watch:{user_id}:{state.room_id}", note))


def call(key: str, message: LayerMessage) -> None:
    """Ask or tell all web processes something. The last message of `key` wins."""
    post(lambda ringer: ringer.put_note(EVERYONE, key, message))


def answer(channel: str, message: LayerMessage) -> None:
    """Answer the one process that asked and named its channel."""
    post(lambda ringer: ringer.put_answer(channel, message))


def epoch() -> None:
    """Have every process look in the database whether it went back."""
    post(lambda ringer: ringer.put_note(EVERYONE, "epoch", {"type": "epoch"}))


def recheck_on_commit(user_id: int | None, room_id: int | None = None, gone: bool = False) -> None:
    """After the commit, every process looks whether these may still hear what they hear: a user
    (their credentials and all their rooms), a user in a room, or, without a user, all of a room.
    `gone`: the room is no more."""
    transaction.on_commit(
        lambda: post(lambda ringer: ringer.put_access(user_id, room_id, gone)), robust=True
    )
