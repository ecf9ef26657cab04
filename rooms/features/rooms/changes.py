"""Changing and deleting a room.

Called by REST, which gives the caller as `by`: then `policy` decides, over what is true while the
room is locked; and by the admin, which has asked already whether the caller may.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.fields.files import FieldFile

from rooms.core import bell, lookup, policy
from rooms.core.fields import check_fields
from rooms.core.log import locked
from rooms.core.representations import details as details_json
from rooms.models import Attachment, Event, FormerSlug, Message, Room, User


@dataclass(frozen=True)
class Details:
    """What can be changed of a room."""

    name: str
    topic: str
    visibility: str
    archived: bool

    @classmethod
    def of(cls, room: Room) -> "Details":
        return cls(**details_json(room))


def change_room(room_id: int, changes: Mapping[str, Any], by: User | None = None) -> None:
    """`changes` are some of the fields of `Details`. Who listens to a room that is closed by it,
    and is no member, hears no more of it."""
    with locked(room_id) as (logs, room):
        before = Details.of(room)
        details = replace(before, **changes)
        moved = details.visibility != before.visibility
        if by is not None:
            facts = lookup.facts(by, room)
            policy.require("room.change", facts)
            if details.archived != before.archived:
                policy.require("room.archive", facts)
            if moved:
                public = details.visibility == Room.Visibility.PUBLIC
                policy.require("room.publish" if public else "room.close", facts)
        if details == before:
            return
        room.name, room.topic, room.visibility = details.name, details.topic, details.visibility
        if details.archived != before.archived:
            room.archived_at = logs.at if details.archived else None
        check_fields(room)
        room.save(update_fields=["name", "topic", "visibility", "archived_at"])
        if moved:
            bell.recheck_on_commit(None, room.pk)
        logs.append(room, "room.changed", {"changed": asdict(details)})


def delete_room(room_id: int) -> None:
    """The room with all that was said in it, its log and its files. Who listens is told."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=room_id).first()
        if room is None:
            return
        files = [row.file for row in Attachment.objects.filter(room=room)]
        bell.recheck_on_commit(None, room.pk, gone=True)
        # Statements of their own, where Django would read every row to follow its relations.
        Event.objects.filter(room=room).delete()
        Attachment.objects.filter(room=room).delete()
        Message.objects.filter(room=room).update(reply_to=None)
        FormerSlug.objects.bulk_create([FormerSlug(slug=room.slug)], ignore_conflicts=True)
        room.delete()
        transaction.on_commit(partial(_remove, files))


def _remove(files: list[FieldFile]) -> None:
    for file in files:
        if file.name:
            file.storage.delete(file.name)
