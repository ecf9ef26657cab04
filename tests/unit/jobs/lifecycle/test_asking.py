"""What may be asked, and what answers it."""

from typing import Any

import pytest

from jobs.lifecycle.asking import NewQuestion, answer_to, asked
from jobs.lifecycle.verdict import Ending, JobHistory, Verdict, judge
from jobs.models import JobQuestion, Outcome, State, Who
from rooms.protocol import Invalid


def ask(**more: Any) -> NewQuestion:
    values: dict[str, Any] = {
        "name": "go",
        "text": "Go on?",
        "choices": ["Yes", "No"],
        "who": "members",
        "within": 60,
        "default": None,
    }
    return asked(**{**values, **more})


def test_a_question_is_one_line_of_what_can_be_kept() -> None:
    found = ask(text=" Go\n on\0 \ud83d? ", choices=(" Yes ", "No"), who=Who.REQUESTER)
    assert found.text == "Go on \\ud83d?"
    assert (found.choices, found.who) == (("Yes", "No"), Who.REQUESTER)
    assert found.line == "Go on \\ud83d? (Yes / No)"
    assert len(ask(text="x" * 5000).text) == 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "a\0b"},
        {"text": " \u200b"},
        {"choices": "Yes"},
        {"choices": ["Yes", ""]},
        {"choices": ["Yes", "yes"]},
        {"choices": ["x" * 61]},
        {"choices": [str(number) for number in range(11)]},
        {"who": "everybody"},
        {"within": 0},
        {"within": float("nan")},
        {"within": 91 * 86_400},
        {"default": "Perhaps"},
    ],
)
def test_what_cannot_be_asked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ask(**wrong)


def test_a_choice_is_meant_whatever_its_case() -> None:
    question = JobQuestion(choices=["Yes", "Straße"])
    assert answer_to(question, " yes ") == "Yes"
    assert answer_to(question, "STRASSE") == "Straße"
    with pytest.raises(Invalid):
        answer_to(question, "y")


def test_asking_uses_up_no_attempt_and_cancelling_beats_it() -> None:
    def verdict(cancel: bool) -> Verdict:
        return judge(Ending(Outcome.ASKED), JobHistory(3, 3, 0, cancel), 3, lambda attempt: 1.0)

    assert verdict(False) == Verdict(State.WAITING, free=True)
    assert verdict(True) == Verdict(State.CANCELLED)
