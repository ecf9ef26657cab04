"""Deleting messages. Called by the socket and REST.

The text goes from everywhere at once: from its row, from what it said before, from the room's log
and, by the event that follows, from what processes hold of the log in memory: see
`live.delivery.scrubbing`. Where something answers it, a row without a text stays; else none does.
"""

from django.utils import timezone

from rooms.core import (
    changed_messages,
    housekeeping,
    lookup,
    moderation,
    policy,
    representations,
)
from rooms.core.file_contents import contents_of, remove_contents_on_commit
from rooms.core.log import Logs, locked
from rooms.models import Attachment, DeletedPost, Membership, Message, Room, User

from .actions import REMEMBERED
from .editing import facts_about


def delete_message(user: User, slug: str, message_id: int) -> int:
    """Returns the `seq` of the event that tells it. Raises Refusals."""
    room, _ = lookup.find_room(user, slug)
    with locked(room.pk) as (logs, room):
        row = lookup.message_in(room, message_id)
        facts = facts_about(logs, room, row, user)._replace(target=_role_of_author(room, row))
        policy.require("message.delete", facts)
        kept = row.replies.exists()
        changed_messages.will_be_deleted(logs, room, row)
        entries = [row.seq, *row.edits.values_list("seq", flat=True)]
        row.edits.all().delete()
        _remove_files(row)
        row.body = row.html = ""
        row.edited_at, row.deleted_at = None, logs.at
        row.deleted_by = user
        told = representations.message(row, room.slug)
        if kept:
            row.save(update_fields=["body", "html", "edited_at", "deleted_at", "deleted_by"])
        else:
            _remember(logs, room, row)
            row.delete()
        logs.scrub(room, entries, {"message": told})
        logs.append(room, "message.deleted", {"message": told, "kept": kept})
        if not facts.own:
            deed, details = moderation.Deed.DELETE, f"message {message_id}"
            moderation.record_in_transaction(logs, room, user, deed, row.author, details=details)
        return room.last_seq


def _role_of_author(room: Room, row: Message) -> str | None:
    members = Membership.objects.filter(room=room, user=row.author_id or 0)
    return members.values_list("role", flat=True).first()


def _remove_files(row: Message) -> None:
    """Those of a person's message. What an app has left in the room it has still."""
    files = Attachment.objects.filter(message=row)
    if row.kind != Message.Kind.TEXT:
        files.update(message=None)
        return
    contents = contents_of(files)
    files.delete()
    remove_contents_on_commit(contents)


def _remember(logs: Logs, room: Room, row: Message) -> None:
    """That it was said, for a client that never heard so and sends it again."""
    if row.client_id is None or row.author is None:
        return
    DeletedPost.objects.update_or_create(
        author=row.author, client_id=row.client_id, defaults={"room": room, "at": logs.at}
    )
    room.last_deletion_at = logs.at
    room.save(update_fields=["last_deletion_at"])


def forgotten_posts() -> int:
    """Sweeps away what was deleted long ago."""
    rows = DeletedPost.objects.filter(at__lte=timezone.now() - REMEMBERED)
    return housekeeping.delete_in_batches(rows)
