"""Files that people have brought into a room and not sent yet. Called by what writes messages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rooms.models import Attachment
from rooms.protocol import Invalid, NotFound

from .representations import attachment


class WaitingUploads:
    """Those of some people's posts, held for one transaction: each goes with one message."""

    def __init__(self, rows: Iterable[Attachment]) -> None:
        self._rows = {row.pk: row for row in rows}

    def require(self, wanted: Sequence[UUID], owner_id: int, room_id: int) -> None:
        """Raises NotFound, for one that is gone, sent already, or somebody else's alike."""
        if len(set(wanted)) != len(wanted):
            raise Invalid("A file is sent once with a message.")
        for file_id in wanted:
            row = self._rows.get(file_id)
            if row is None or (row.owner_id, row.room_id) != (owner_id, room_id):
                raise NotFound(f"You have no file {file_id} that waits here to be sent.")

    def take(self, wanted: Sequence[UUID]) -> list[Attachment]:
        """They are of a message from here on."""
        return [self._rows.pop(file_id) for file_id in wanted]


def held_in_transaction(wanted: Collection[UUID]) -> WaitingUploads:
    """Those that wait still."""
    if not wanted:
        return WaitingUploads([])
    rows = Attachment.objects.select_for_update().filter(
        pk__in=wanted, is_upload=True, message=None
    )
    # By their keys, so that two writers never wait for each other.
    return WaitingUploads(rows.order_by("pk"))


def attach_in_transaction(
    rows: Sequence[Attachment], message_id: int, at: datetime
) -> list[Mapping[str, object]]:
    """Have them be the files of a message, in this order. Returns them as JSON."""
    for place, row in enumerate(rows):
        row.message_id = message_id
        row.created_at = at + timedelta(microseconds=place)
    Attachment.objects.bulk_update(rows, ["message", "created_at"])
    return [attachment(row) for row in rows]
