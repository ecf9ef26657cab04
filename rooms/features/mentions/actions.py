"""Mentions come and go with the message: called when somebody has posted, edited or deleted one, in
the transaction that does it. A message without a name behind an `@` never comes here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rooms.core import inbox, statements, unread_mentions
from rooms.core.inbox import Concern
from rooms.core.log import Logs
from rooms.core.posted_messages import PostedMessage
from rooms.models import InboxEntry, Mention, Message, Room
from rooms.text import mentions

from . import representations
from .people import EVERYBODY, Meant, Said, as_meant, meant_by

MENTION = InboxEntry.Kind.MENTION.value


class MentionRow(NamedTuple):
    """A row of `Mention`."""

    message_id: int
    room_id: int
    user_id: int | None
    number: int
    name: str


def posted(logs: Logs, messages: Sequence[PostedMessage]) -> Mapping[int, Mapping[str, Any]]:
    """Write down who is mentioned. Returns the part of the messages that mention anybody."""
    said = [
        Said(each.pk, each.room, each.author, each.number, names)
        for each in messages
        if (names := as_meant(mentions.names(each.html)))
    ]
    if not said:
        return {}
    told: dict[int, set[int]] = {}
    parts: dict[int, Mapping[str, Any]] = {}
    rows: list[MentionRow] = []
    concerns: list[Concern] = []
    for each, meant in zip(said, meant_by(said), strict=True):
        new = _rows(each, meant)
        if not new:
            continue
        rows += new
        people = _people(new)
        unread_mentions.more_in_transaction(each.room, each.number, people)
        told.setdefault(each.room.pk, set()).update(people)
        concerns += _concerns(each, people)
        parts[each.pk] = {"mentions": representations.of_meant(meant)}
    statements.insert(Mention, rows)
    unread_mentions.tell_on_commit(logs, told)
    inbox.add_in_transaction(concerns, logs.at)
    return parts


def edited(logs: Logs, room: Room, message: Message) -> None:
    """Add who is mentioned only now, take away who is no more."""
    known = {row.user_id: row for row in Mention.objects.filter(message=message)}
    names = as_meant(mentions.names(message.html))
    if message.author is None or not (known or names):
        return
    said = Said(message.pk, room, message.author, message.number, names)
    (meant,) = meant_by([said], [pk for pk in known if pk is not None])
    wanted = {row.user_id: row for row in _rows(said, meant)}
    gone = known.keys() - wanted.keys()
    # Whose name is written otherwise now has another row and is mentioned as before.
    renamed = {pk for pk in known.keys() & wanted.keys() if known[pk].name != wanted[pk].name}
    new = wanted.keys() - known.keys()
    Mention.objects.filter(pk__in=[known[pk].pk for pk in gone | renamed]).delete()
    statements.insert(Mention, [row for pk, row in wanted.items() if pk in new | renamed])
    _move(logs, room, message, _ids(new), _ids(gone))
    inbox.remove_in_transaction(message.pk, _ids(gone), MENTION)
    inbox.add_in_transaction(_concerns(said, _ids(new)), logs.at)


def deleted(logs: Logs, room: Room, message: Message) -> None:
    rows = Mention.objects.filter(message=message)
    people = set(rows.values_list("user_id", flat=True))
    if people:
        rows.delete()
        _move(logs, room, message, (), _ids(people))


def _move(
    logs: Logs, room: Room, message: Message, new: Collection[int], gone: Collection[int]
) -> None:
    if new:
        unread_mentions.more_in_transaction(room, message.number, new)
    if gone:
        unread_mentions.fewer_in_transaction(room, message.number, gone)
    unread_mentions.tell_on_commit(logs, {room.pk: {*new, *gone}})


def _rows(said: Said, meant: Meant) -> list[MentionRow]:
    """One for each person, named or not, and one that says that everybody is meant."""
    names: dict[int | None, str] = {}
    for name, user in meant.people.items():
        names.setdefault(user.pk, name)
    if meant.everybody is not None:
        names[None] = EVERYBODY
        for user_id in meant.everybody:
            names.setdefault(user_id, "")
    place = (said.pk, said.room.pk)
    return [MentionRow(*place, user_id, said.number, name) for user_id, name in names.items()]


def _concerns(said: Said, people: Iterable[int]) -> list[Concern]:
    """Nobody is told of themselves."""
    place = (said.pk, said.room.pk, MENTION)
    return [Concern(user_id, *place) for user_id in people if user_id != said.author.pk]


def _people(rows: Iterable[MentionRow]) -> set[int]:
    return _ids(row.user_id for row in rows)


def _ids(user_ids: Iterable[int | None]) -> set[int]:
    return {each for each in user_ids if each is not None}
