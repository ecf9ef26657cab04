"""docs/who-may-what.md, made of the table of `rooms.core.policy`. Called by `manage.py policy`.

Every cell is what the rule says of such a caller and such a room: a test compares each of them with
what REST, the socket and the pages do.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.utils import timezone

from rooms.core import policy
from rooms.core.policy import Action, Facts
from rooms.models import Room
from rooms.protocol import NotFound

NAME = "who-may-what.md"

PEOPLE: dict[str, Facts] = {
    "stranger": Facts(),
    "invited": Facts(invited=True),
    "banned": Facts(banned=True),
    "muted": Facts(role="member", muted_until=timezone.now() + timedelta(days=1)),
    "member": Facts(role="member"),
    "moderator": Facts(role="moderator"),
    "owner": Facts(role="owner"),
}
ROOMS: dict[str, Room] = {
    name: Room(
        slug="room",
        name="Room",
        visibility=visibility,
        archived_at=archived_at,
        who_posts=who_posts,
    )
    for name, visibility, archived_at, who_posts in (
        ("public", "public", None, "members"),
        ("private", "private", None, "members"),
        ("between two", "direct", None, "members"),
        ("public, archived", "public", timezone.now(), "members"),
        ("private, archived", "private", timezone.now(), "members"),
        ("public, moderators post", "public", None, "moderators"),
    )
}

HEAD = """\
# Who may do what

Made by `manage.py policy` of the rules that decide (`rooms/core/policy.py`). Do not edit it.

**yes**: they may. **no**: refused with `forbidden` (403). **archived**: refused because the room is
archived (403). **hidden**: as if it did not exist (404). Who is not logged in may nothing of this.
A *stranger* is anybody with an account who is no member, *muted* a member who is muted. The site's
staff have the admin besides, with Django's permissions; a superuser sees no private room here that
they are not a member of.
"""


def outcome(action: Action, facts: Facts) -> str:
    refused = action.rule(facts)
    if refused is None:
        return "yes"
    if isinstance(refused, NotFound):
        return "hidden"
    return "archived" if refused.code == "archived" else "no"


class Cell(NamedTuple):
    """One cell of the table. `room`, `case` and `person` are its headings."""

    room: str
    action: Action
    case: str
    person: str
    outcome: str


def cells() -> Iterator[Cell]:
    """The whole table, row by row."""
    for where, room in ROOMS.items():
        for action in policy.actions():
            if room.visibility not in action.visibilities:
                continue
            for case, more in action.cases.items():
                for who, facts in PEOPLE.items():
                    known = facts._replace(room=room)._replace(**more)
                    yield Cell(where, action, case, who, outcome(action, known))


def page() -> str:
    lines = [HEAD]
    drawn: dict[tuple[str, str, str], list[str]] = {}
    for where, action, case, _, found in cells():
        words = f"{action.says}: {case}" if case else action.says
        drawn.setdefault((where, action.name, words), []).append(found)
    for where in ROOMS:
        lines += [f"## A room that is {where}", ""]
        lines += [f"| may … | action | {' | '.join(PEOPLE)} |", f"|---|---|{'---|' * len(PEOPLE)}"]
        for (room, name, words), outcomes in drawn.items():
            if room == where:
                lines.append(f"| {words} | `{name}` | {' | '.join(outcomes)} |")
        lines.append("")
    return "\n".join(lines)


def files(docs: Path) -> dict[Path, str]:
    return {docs / NAME: page()}
