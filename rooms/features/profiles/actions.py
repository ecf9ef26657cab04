"""Changing what one says of oneself, and looking at somebody's card. Called by REST and the page.

That a name is another one is told by `renaming`, whoever changes it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from rooms.core import acquaintance, lookup, person_lock, policy
from rooms.core.fields import check_fields, checked_name
from rooms.core.policy import Facts
from rooms.limits import limits
from rooms.models import Membership, Room, User
from rooms.protocol import NotFound, RateLimited
from rooms.text import lines

from .shapes import MOST_NAME_CHARACTERS

DAY = timedelta(days=1)
COLUMNS = ["first_name", "last_name", "pronouns", "about", "renames_renewed_at"]


def change_profile(user: User, changes: Mapping[str, str]) -> User:
    """`changes` are some of `name`, `pronouns` and `about`. All of the name that other people read
    is in `first_name` from then on. Raises Invalid, and RateLimited for a name that was changed too
    often: all rooms of the person are told each."""
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        row = User.objects.get(pk=user.pk)
        before = row.name
        if "name" in changes and lines.one_line(changes["name"]) != row.get_full_name():
            row.first_name, row.last_name = checked_name(changes["name"], MOST_NAME_CHARACTERS), ""
        row.pronouns = lines.one_line(changes.get("pronouns", row.pronouns))
        row.about = lines.one_line(changes.get("about", row.about))
        check_fields(row)
        if row.name != before:
            _count_renaming(row)
        row.save(update_fields=COLUMNS)
    return row


def _count_renaming(row: User) -> None:
    """A bucket of which only the moment is kept at which it is full again."""
    now = timezone.now()
    each = DAY / limits().renames_per_day
    renewed = max(now, row.renames_renewed_at or now) + each
    if renewed - now > DAY:
        wait = (renewed - now - DAY).total_seconds()
        most = limits().renames_per_day
        raise RateLimited(f"A name is changed at most {most:,} times a day.", max(1.0, wait))
    row.renames_renewed_at = renewed


def card(user: User, username: str) -> dict[str, Any]:
    """Of somebody that the user knows by some room. Raises NotFound for a stranger and for nobody
    alike, after as many queries."""
    other = acquaintance.named(username)
    found = acquaintance.met(user, other.pk if other is not None else 0)
    own = other is not None and other.pk == user.pk
    if other is None or (found is None and not own):
        raise NotFound(f"You know nobody called {username!r}.")
    if found is not None:
        facts = lookup.facts(user, found.room)
        policy.require("person.see", facts._replace(target=found.role, own=own))
    return card_json(other, None)


def card_in(user: User, slug: str, user_id: int) -> dict[str, Any]:
    """Of a member of the room, with their role in it."""
    room, membership = lookup.find_room(user, slug)
    row = _member(room, user_id)
    facts = Facts(room, membership.role if membership is not None else None)
    own = user_id == user.pk
    policy.require("person.see", facts._replace(target=row.role if row else None, own=own))
    return card_json(row.user if row is not None else user, row.role if row is not None else None)


def _member(room: Room, user_id: int) -> Membership | None:
    rows = Membership.objects.filter(room=room, user=user_id, user__is_active=True)
    return rows.select_related("user").first()


def card_json(row: User, role: str | None) -> dict[str, Any]:
    return {**own_json(row), "role": role}


def own_json(row: User) -> dict[str, Any]:
    return {
        "id": row.pk,
        "username": row.get_username(),
        "name": row.name,
        "pronouns": row.pronouns,
        "about": row.about,
    }
