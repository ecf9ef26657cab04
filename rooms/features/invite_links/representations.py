"""The JSON shape of a link: never with its secret, which nobody has any more."""

from typing import Any

from rooms.core.representations import person, timestamp
from rooms.models import InviteLink


def invite_link(row: InviteLink) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "by": person(row.by),
        "at": timestamp(row.at),
        "until": timestamp(row.until) if row.until else None,
        "uses": row.uses,
        "most_uses": row.most_uses,
        "used_at": timestamp(row.used_at) if row.used_at else None,
    }
