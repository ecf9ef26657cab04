"""Changing and deleting a room.

Called by REST, which gives the caller as `by`: then `policy` decides, over what is true while the
room is locked; and by the admin, which has asked already whether the caller may.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.db import transaction

from rooms.core import bell, lookup, markdown, moderation, policy
from rooms.core.fields import check_fields
from rooms.core.file_contents import contents_of, remove_contents_on_commit
from rooms.core.log import locked
from rooms.core.representations import details as details_json
from rooms.models import Attachment, Event, FormerSlug, Message, MessageEdit, Room, User
from rooms.models.rooms import EditWindow
from rooms.protocol import Conflict

CHANGED_COLUMNS = [
    "name",
    "topic",
    "description",
    "description_html",
    "visibility",
    "archived_at",
    "edit_window_seconds",
    "who_posts",
    "slow_mode_seconds",
    "is_default",
    "open_log",
]
# A newcomer is made a member of each of them while they log in.
MOST_DEFAULT_ROOMS = 20


@dataclass(frozen=True)
class Details:
    """What can be changed of a room."""

    name: str
    topic: str
    description: str
    visibility: str
    archived: bool
    edit_window: EditWindow
    who_posts: str
    slow_mode: int
    default: bool
    open_log: bool

    @classmethod
    def of(cls, room: Room) -> "Details":
        told = details_json(room)
        return cls(**{each.name: told[each.name] for each in fields(cls)})


def change_room(room_id: int, changes: Mapping[str, Any], by: User | None = None) -> None:
    """`changes` are some of the fields of `Details`. Who listens to a room that is closed by it,
    and is no member, hears no more of it."""
    with locked(room_id) as (logs, room):
        before = Details.of(room)
        details = _tidied(replace(before, **changes))
        moved = details.visibility != before.visibility
        closed = moved and details.visibility != Room.Visibility.PUBLIC
        if closed:
            if changes.get("default") and not before.default:
                raise Conflict("Only a public room can be a default room.")
            details = replace(details, default=False)
        if by is not None:
            facts = lookup.facts(by, room)
            if details == before or replace(details, default=before.default) != before:
                policy.require("room.change", facts)
            if details.default != before.default and not closed:
                staff = lookup.staff_permissions(by)
                policy.require("room.set_default", facts._replace(permissions=staff))
            if details.archived != before.archived:
                policy.require("room.archive", facts)
            if _pace(details) != _pace(before):
                policy.require("room.restrict", facts)
            if moved:
                public = details.visibility == Room.Visibility.PUBLIC
                policy.require("room.publish" if public else "room.close", facts)
        if moved and room.pair is not None:
            raise Conflict("A room between two people stays that.")
        if details.default and not before.default:
            _require_default_rooms_left()
        if details == before:
            return
        room.name, room.topic, room.visibility = details.name, details.topic, details.visibility
        room.edit_window = details.edit_window
        room.who_posts, room.slow_mode_seconds = details.who_posts, details.slow_mode
        room.description, room.is_default = details.description, details.default
        room.open_log = details.open_log
        if details.archived != before.archived:
            room.archived_at = logs.at if details.archived else None
        check_fields(room)
        if details.description != before.description:
            room.description_html = markdown.render(room.description) if room.description else ""
        room.save(update_fields=CHANGED_COLUMNS)
        if moved:
            bell.recheck_on_commit(None, room.pk)
        logs.append(room, "room.changed", {"changed": details_json(room)})
        told = moderation.difference(asdict(before), asdict(details))
        moderation.record_in_transaction(logs, room, by, moderation.Deed.SETTINGS, details=told)


def _tidied(details: Details) -> Details:
    """Blank lines around a description say nothing."""
    return replace(details, description=details.description.replace("\r\n", "\n").strip())


def _require_default_rooms_left() -> None:
    if Room.objects.filter(is_default=True).count() >= MOST_DEFAULT_ROOMS:
        raise Conflict(f"There are {MOST_DEFAULT_ROOMS} default rooms, and no more may be.")


def _pace(details: Details) -> tuple[str, int]:
    return details.who_posts, details.slow_mode


def delete_room(room_id: int) -> None:
    """The room with all that was said in it, its log and its files. Who listens is told."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=room_id).first()
        if room is None:
            return
        files = contents_of(Attachment.objects.filter(room=room))
        bell.recheck_on_commit(None, room.pk, gone=True)
        # Statements of their own, where Django would read every row to follow its relations.
        Event.objects.filter(room=room).delete()
        Attachment.objects.filter(room=room).delete()
        MessageEdit.objects.filter(message__room=room).delete()
        Message.objects.filter(room=room).update(reply_to=None)
        FormerSlug.objects.bulk_create([FormerSlug(slug=room.slug)], ignore_conflicts=True)
        room.delete()
        remove_contents_on_commit(files)
