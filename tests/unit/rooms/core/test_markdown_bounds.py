"""Whatever is written, rendering it takes about as long as prose, and makes not much more HTML."""

import pytest

from rooms.core.markdown import as_written, render
from rooms.text import markdown_html
from tests.support import hostile

MARKED_UP = (
    "A *page* of **text** with `code` and [a link](https://a.example/b): it goes on.\n\n" * 130
)


def most_html(body: str) -> int:
    return markdown_html.HTML_CHARACTERS + 2 * markdown_html.HTML_PER_CHARACTER * len(body)


@pytest.mark.once
def test_no_text_makes_much_html() -> None:
    for piece in hostile.pieces():
        for length in (10, 300, 10_000):
            body = hostile.text(piece, length)
            assert len(render(body)) <= most_html(body), piece


TABLES = [
    "|a" * 80 + "\n" + "|-" * 80 + "\n" + "a\n" * 4_800,
    "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + "|\n" * 4_000,
    "> " * 19 + "a\n" + "b\n" * 4_900,
    "- " * 19 + "a\n" + "b\n" * 4_900,
    "[" * 5_000 + "]" * 5_000,
    "*" * 4_999 + "a" + "*" * 4_999,
    "".join("`" * run + " " for run in range(1, 140)),
    "xn--a." * 40 + "xn",
    "http://" + "xn--a." * 1_600 + "xn",
]


@pytest.mark.once
def test_no_text_takes_much_longer_than_prose() -> None:
    body = MARKED_UP[:10_000]
    prose = min(hostile.spent(render, body) for _ in range(7))
    for body in [*(hostile.text(piece, 10_000) for piece in hostile.pieces()), *TABLES]:
        quickest = float("inf")
        for _ in range(7):
            quickest = min(quickest, hostile.spent(render, body))
            if quickest < 10 * prose:
                break
        assert quickest < 10 * prose, body[:40]
        assert len(render(body)) <= most_html(body)


@pytest.mark.parametrize(
    "body",
    ["a.co " * 301, "*a" * 9_000, "# a\n" * 4_000, "| a | b |\n|-|-|\n" + "| c | d |\n" * 4_000]
    + ["> " * 50 + "a", "[a](b)" * 400],
)  # fmt: skip
def test_beyond_a_bound_the_text_is_shown_as_written(body: str) -> None:
    assert render(body) == as_written(body)
