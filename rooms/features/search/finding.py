"""Searching messages: from a line of text to a page of what was found. Called by REST and the page.

It only reads, and asks the database alone: what was posted, edited or deleted a moment ago counts.
"""

from datetime import date
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from rooms.core import counterparts
from rooms.limits import limits
from rooms.models import Message, User
from rooms.protocol import Busy, Invalid

from . import conditions, query, walking
from .excerpt import Piece
from .excerpt import of as excerpt_of
from .time_limit import OutOfTime, at_most

RETRY_AFTER_SECONDS = 5.0
TOO_LONG = "The search took too long. Name more letters, a person or a room."


class Found(NamedTuple):
    """`message` has its author and its room. `excerpt` is of its text."""

    message: Message
    excerpt: list[Piece]

    @property
    def address(self) -> str:
        return reverse("rooms:message", args=[self.message.room.slug, self.message.pk])

    @property
    def author_name(self) -> str:
        author = self.message.author
        return author.name if author else "Somebody who left"


class Findings(NamedTuple):
    """The newest first. `below` is where the next page begins, None at the end. `looked_back_to`:
    the time was over when everything since that day had been looked at."""

    found: list[Found]
    below: int | None
    looked_back_to: date | None


def find(user: User, text: str, limit: int, below: int | None = None) -> Findings:
    """What the person may see of what the text means. Raises Invalid for a text that cannot be
    searched for, NotFound for a room that they may not see, and Busy if the time is over before
    anything was looked at."""
    if "\0" in text:
        raise Invalid("A search is text.")
    asked = query.parse(text)
    rooms = conditions.rooms_of(user, asked)
    messages = conditions.messages(user, asked, rooms)
    keys: list[int] = []
    looked_back_to, over = below, False
    try:
        with at_most(limits().search_seconds) as prepare:
            steps = walking.walk(user, asked, rooms, below, limit + 1)
            while True:
                prepare()
                step = next(steps, None)
                if step is None:
                    break
                keys += step.found
                looked_back_to = step.looked_back_to
                if len(keys) > limit:
                    break
    except OutOfTime:
        over = True
        if looked_back_to == below:
            raise Busy(TOO_LONG, RETRY_AFTER_SECONDS) from None
    following = None
    if len(keys) > limit:
        keys = keys[:limit]
        following, over = keys[-1], False
    elif over:
        following = looked_back_to
    rows = list(messages.filter(pk__in=keys).select_related("author", "room").order_by("-pk"))
    counterparts.call_as_read(user, [row.room for row in rows])
    found = [Found(row, excerpt_of(row.body, asked.terms)) for row in rows]
    return Findings(found, following, _day_of(following) if over else None)


def _day_of(key: int | None) -> date | None:
    """Of the message there; not the moment, which may be of one that the person may not see."""
    row = Message.objects.filter(pk__gte=key).order_by("pk").values_list("created_at").first()
    return timezone.localdate(row[0]) if row else None
