"""`room.digest`: what a room talked about and who took part. The example of a job with two parts
that run side by side; `docs/jobs.md` explains it.
"""

import re
from collections import Counter
from datetime import timedelta
from typing import Annotated, Any

from django.utils import timezone
from pydantic import Field

from jobs.registry import Params, kind
from jobs.running.context import Context
from rooms.models import Message

WORD = re.compile(r"[^\W\d_]{4,}")
# What is longer is no word, and a hundred of those would be more than a result may hold.
LONGEST_WORD_LETTERS = 60
ROWS_PER_CANCEL_CHECK = 500


class DigestParams(Params):
    days: Annotated[int, Field(ge=1, le=366, description="how many days back")] = 7
    words: Annotated[int, Field(ge=1, le=100, description="how many words to list")] = 10


@kind("room.digest", title="Room digest", params=DigestParams, needs_room=True)
def room_digest(ctx: Context[DigestParams]) -> dict[str, Any]:
    """What the room talked about and who took part: the commonest words and the people."""
    parts = ctx.steps({"words": lambda: words(ctx), "people": lambda: people(ctx)})
    found, taking_part = parts["words"], parts["people"]
    top = ", ".join(word for word, _ in found["top"][:5]) or "nothing"
    return {
        "summary": f"{taking_part['messages']:,} messages, {len(taking_part['people'])} people;"
        f" most about {top}.",
        "table": {"columns": ["Word", "Times"], "rows": found["top"]},
        "people": taking_part["people"],
    }


def messages(ctx: Context[DigestParams]) -> Any:
    since = timezone.now() - timedelta(days=ctx.params.days)
    return Message.objects.filter(
        room=ctx.room, kind=Message.Kind.TEXT, deleted_at=None, created_at__gte=since
    ).order_by("seq")


def words(ctx: Context[DigestParams]) -> dict[str, Any]:
    """The words of four letters and more, commonest first."""
    counted: Counter[str] = Counter()
    bodies = messages(ctx).values_list("body", flat=True)
    for number, body in enumerate(bodies.iterator(chunk_size=ROWS_PER_CANCEL_CHECK)):
        if number % ROWS_PER_CANCEL_CHECK == 0:
            ctx.check_cancelled()
        found = WORD.findall(body)
        counted.update(word.lower() for word in found if len(word) <= LONGEST_WORD_LETTERS)
    return {"top": counted.most_common(ctx.params.words), "different": len(counted)}


def people(ctx: Context[DigestParams]) -> dict[str, Any]:
    """Who wrote how much, and how often they were answered."""
    written: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    rows = messages(ctx).select_related("author", "reply_to__author")
    for number, row in enumerate(rows.iterator(chunk_size=ROWS_PER_CANCEL_CHECK)):
        if number % ROWS_PER_CANCEL_CHECK == 0:
            ctx.check_cancelled()
        if row.author is not None:
            written[row.author.name] += 1
        if row.reply_to is not None and row.reply_to.author is not None:
            answered[row.reply_to.author.name] += 1
    return {
        "messages": written.total(),
        "people": [
            {"name": name, "messages": count, "answered": answered[name]}
            for name, count in written.most_common(100)
        ],
    }
