"""What is done in a room by who looks after it, written down with what is done.

Called by the actions that do it, in their transactions; the site's staff are `by` nobody there.
Features read it: see `features.moderation`.
"""

from collections.abc import Mapping
from typing import Any

from rooms.models import ModerationEntry, Room, User
from rooms.models.moderation import DETAILS_CHARACTERS
from rooms.text import graphemes, lines

from .log import Logs

Deed = ModerationEntry.Deed
VALUE_CHARACTERS = 60


def record_in_transaction(
    logs: Logs,
    room: Room,
    by: User | None,
    action: str,
    target: User | None = None,
    *,
    name: str = "",
    reason: str = "",
    details: str = "",
) -> None:
    """`logs` holds the room. `name` is of a stranger, whose account is not told then."""
    ModerationEntry.objects.create(
        room=room,
        at=logs.at,
        actor=by,
        action=action,
        target=None if name else target,
        name=name,
        reason=reason,
        details=graphemes.cut(lines.one_line(details), DETAILS_CHARACTERS, graphemes.ELLIPSIS),
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What was changed, in words: "topic: – → News; slow mode: 0 → 30". Pure. Of a long text only
    that it is another one."""
    changed = [field for field in after if before[field] != after[field]]
    return "; ".join(_changed(field, before[field], after[field]) for field in changed)


def _changed(field: str, before: Any, after: Any) -> str:
    words = field.replace("_", " ")
    return words if field == "description" else f"{words}: {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return graphemes.cut(str(value), VALUE_CHARACTERS, graphemes.ELLIPSIS) or "–"
