"""What a kind may ask, and what answers it. Pure. Called by kinds' context and `questions`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.models import JobQuestion, Who
from rooms.models import User
from rooms.protocol import Invalid
from rooms.text import graphemes, visible

from . import storable

NAME_CHARACTERS = 60
TEXT_CHARACTERS = 300
MOST_CHOICES = 10
CHOICE_CHARACTERS = 60
ANSWER_CHARACTERS = 1_000
# Of one job; all of them are told with each of its changes.
MOST_QUESTIONS = 20
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 90 * 86_400.0


@dataclass(frozen=True)
class NewQuestion:
    """A question as its kind asks it. Without `choices` any text answers it. `within`: seconds."""

    name: str
    text: str
    choices: tuple[str, ...]
    who: Who
    within: float

    @property
    def line(self) -> str:
        """It as it is said in the room."""
        return f"{self.text} ({' / '.join(self.choices)})" if self.choices else self.text


@dataclass(frozen=True)
class GivenAnswer:
    """`by` is None where nobody answered in time and this is the default, or where the account of
    who did is gone; `at` is None for a default."""

    value: str
    by: User | None
    at: datetime | None


def asked(
    name: str, text: str, choices: Sequence[str], who: str, within: float, default: str | None
) -> NewQuestion:
    """Raises ValueError for what cannot be asked."""
    if not 0 < len(name) <= NAME_CHARACTERS or storable.text(name) != name:
        raise ValueError(f"a question's name has 1 to {NAME_CHARACTERS} characters")
    if isinstance(choices, str):
        raise ValueError("choices are a list of texts")
    words = " ".join(storable.text(text).split())
    if not visible.shows(words):
        raise ValueError("a question says something")
    offered = tuple(" ".join(storable.text(choice).split()) for choice in choices)
    if len(offered) > MOST_CHOICES:
        raise ValueError(f"a question has at most {MOST_CHOICES} choices")
    for choice in offered:
        if not visible.shows(choice) or len(choice) > CHOICE_CHARACTERS:
            raise ValueError(f"a choice has 1 to {CHOICE_CHARACTERS} characters")
    if len({choice.casefold() for choice in offered}) != len(offered):
        raise ValueError("the choices of a question differ by more than their case")
    if default is not None and offered and default not in offered:
        raise ValueError(f"the default {default!r} is none of the choices")
    if not SHORTEST_SECONDS <= within <= LONGEST_SECONDS:
        raise ValueError(f"a question waits {SHORTEST_SECONDS:g} s to {LONGEST_SECONDS:g} s")
    cut = graphemes.cut(words, TEXT_CHARACTERS, graphemes.ELLIPSIS)
    return NewQuestion(name, cut, offered, Who(who), within)


def answer_to(question: JobQuestion, given: str) -> str:
    """`given` as the answer that is kept. Raises Invalid."""
    words = storable.text(given).strip()
    if question.choices:
        meant = [each for each in question.choices if each.casefold() == words.casefold()]
        if not meant:
            raise Invalid(f"The answer is one of: {', '.join(question.choices)}.")
        return str(meant[0])
    if not visible.shows(words):
        raise Invalid("The answer says nothing.")
    if len(words) > ANSWER_CHARACTERS:
        raise Invalid(f"An answer has at most {ANSWER_CHARACTERS:,} characters.", "too_long")
    return words
