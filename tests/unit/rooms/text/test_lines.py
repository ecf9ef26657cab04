"""One line that people write about themselves."""

import pytest

from rooms.text.lines import one_line, strays


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana   Berg ", "Ana Berg"),
        ("Ana\nBerg\t\u2028\u2029\x85\x1f", "Ana Berg"),
        ("\u00a0Ana\u3000Berg", "Ana Berg"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_white_space_is_single_spaces(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


@pytest.mark.parametrize(
    "text",
    [
        "Ana\x00",
        "Ana\x1b[31m",
        "Ana\x7f",
        "Ana\u202e",
        "\u2066Ana",
        "Ana\u2069",
        "A\ud800",
        "A\u2028B",
    ],
)
def test_what_reaches_beyond_the_line_is_found(text: str) -> None:
    assert strays(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ana Berg",
        "محمد بن سلمان",
        "שרה",
        "<b>&amp;'\"",
        "👩\u200d🔬 Ana",
        "می\u200cخواهم",
        "a\u200eb",
    ],
)
def test_plain_lines_of_any_script_are_kept(text: str) -> None:
    assert not strays(text)
