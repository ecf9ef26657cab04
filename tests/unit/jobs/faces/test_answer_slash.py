"""`/answer …`: which question is meant, and what answers it."""

import uuid

import pytest

from jobs.faces.answer_slash import Open, chosen
from jobs.models import Job, JobQuestion
from rooms.protocol import Invalid


def asks(id: str, text: str) -> Open:
    return Open(Job(pk=uuid.UUID(id), title="Ask"), JobQuestion(text=text))


FIRST = asks("aaaaaaaa-0000-4000-8000-000000000000", "Go?")
SECOND = asks("bbbbbbbb-0000-4000-8000-000000000000", "Stay?")


def test_the_only_question_needs_no_name() -> None:
    assert chosen([FIRST], "in two days") == (FIRST, "in two days")
    assert chosen([FIRST], "aaaaaaaa in two days") == (FIRST, "in two days")
    # Nothing follows: it is the answer itself.
    assert chosen([FIRST], "aaaaaaaa") == (FIRST, "aaaaaaaa")


def test_of_several_one_is_named() -> None:
    assert chosen([FIRST, SECOND], "BBBBBBBB  yes ") == (SECOND, "yes")
    for typed in ("yes", "", "cccccccc yes", "bbbbbbbb"):
        with pytest.raises(Invalid) as refused:
            chosen([FIRST, SECOND], typed)
        assert "aaaaaaaa (Ask: Go?), bbbbbbbb (Ask: Stay?)" in refused.value.message


def test_an_answer_says_something() -> None:
    with pytest.raises(Invalid, match="Go?"):
        chosen([FIRST], "")
