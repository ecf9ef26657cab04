"""What kinds return, and what is written of their failures."""

import pytest

from jobs.lifecycle.failures import failure_of
from jobs.lifecycle.results import RESULT_BYTES, as_result, plain
from jobs.registry import get


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (None, {"summary": "Room report is done."}),
        ("All fine.", {"summary": "All fine."}),
        ({"value": 1}, {"value": 1, "summary": "Room report is done."}),
        ({"summary": "two\nlines"}, {"summary": "two lines"}),
        ([1, 2], {"value": [1, 2], "summary": "Room report is done."}),
        ({"tuple": (1, 2), 3: "number"}, {"tuple": [1, 2], "3": "number"}),
    ],
)
def test_every_result_has_a_summary(value: object, result: dict[str, object]) -> None:
    assert as_result(get("room.report"), value) | result == as_result(get("room.report"), value)
    assert plain(value) is None or as_result(get("room.report"), value)["summary"]


def test_what_no_database_takes_is_taken_out() -> None:
    assert plain({"text": "a\x00b"}) == {"text": "ab"}


def test_a_backslash_before_what_looks_like_nul_stays() -> None:
    assert plain({"text": "\\u0000"}) == {"text": "\\u0000"}


@pytest.mark.parametrize("value", [object(), {"a": object()}, 2**70, "x" * RESULT_BYTES])
def test_what_is_no_result_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="result"):
        plain(value)


def test_a_failure_has_a_line_for_people_and_a_traceback_for_staff() -> None:
    try:
        raise ValueError("what went wrong\nand much more\x00")
    except ValueError as error:
        failure = failure_of(error, told=True)
        hidden = failure_of(error, told=False)
    assert (hidden.error_class, hidden.message) == ("ValueError", "")
    assert hidden.traceback == failure.traceback
    assert (failure.error_class, failure.message) == ("ValueError", "what went wrong")
    assert "test_results.py" in failure.traceback
    assert "\x00" not in failure.traceback


def test_a_text_that_cannot_be_kept_is_kept_as_escapes() -> None:
    assert plain({"caf\udce9": ["\ud800", 1.5]}) == {"caf\\udce9": ["\\ud800", 1.5]}
