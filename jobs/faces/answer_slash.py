"""`/answer ANSWER`: what a job asks in this room. Registered by the slice."""

from typing import Any, NamedTuple
from uuid import UUID

from jobs import policy
from jobs.models import Job, JobQuestion, State
from jobs.submitting import actions
from jobs.submitting.insertion import facts_of
from rooms.core import policy as rooms_policy
from rooms.core.lookup import find_room
from rooms.core.slash import SlashCommand
from rooms.models import User
from rooms.protocol import Conflict, Invalid
from rooms.protocol.answers import PrivateWords
from rooms.protocol.scopes import Scope
from rooms.text import graphemes

USAGE = "/answer ANSWER"
# Of a job's id, where more than one of a room asks.
ID_CHARACTERS = 8
MOST_QUESTIONS = 100
LISTED = 5
SHOWN_CHARACTERS = 60


class Open(NamedTuple):
    """A question of this room that the person may answer."""

    job: Job
    question: JobQuestion

    @property
    def short_id(self) -> str:
        return str(self.job.pk)[:ID_CHARACTERS]

    def __str__(self) -> str:
        asks = graphemes.cut(self.question.text, SHOWN_CHARACTERS, graphemes.ELLIPSIS)
        return f"{self.short_id} ({self.job.title}: {asks})"


def answer(user: User, room: str, arguments: str, client_id: UUID) -> dict[str, Any]:
    found = _open(user, room)
    if not found:
        raise Conflict("No job in this room waits for an answer of yours.")
    meant, words = chosen(found, arguments)
    job = actions.answer(user, meant.job.pk, meant.question.pk, words)
    kept = next(each for each in job.questions.all() if each.pk == meant.question.pk)
    return {"type": "words", "words": f"You have answered {job.title}: {kept.answer}"}


def chosen(found: list[Open], arguments: str) -> tuple[Open, str]:
    """Which question is meant, and the answer to it. Raises Invalid."""
    first, _, rest = arguments.partition(" ")
    named = [each for each in found if each.short_id == first.lower()]
    if len(named) == 1 and rest.strip():
        return named[0], rest.strip()
    if len(found) > 1:
        asked = ", ".join(map(str, found[:LISTED]))
        raise Invalid(f"Several jobs ask. Begin the answer with the number of one: {asked}")
    if not arguments:
        raise Invalid(f"What is the answer to {found[0].question.text!r}? Usage: {USAGE}")
    return found[0], arguments


def _open(user: User, slug: str) -> list[Open]:
    room, _ = find_room(user, slug)
    rows = JobQuestion.objects.select_related("job__room", "job__requested_by")
    rows = rows.filter(state=JobQuestion.State.OPEN, job__room=room, job__state=State.WAITING)
    return [
        Open(row.job, row)
        for row in rows[:MOST_QUESTIONS]
        if rooms_policy.allows(policy.answer_action(row), facts_of(user, row.job))
    ]


ANSWER = SlashCommand(
    "answer",
    USAGE,
    "Answer what a job asks here.",
    answer,
    PrivateWords,
    Scope.JOBS,
)
