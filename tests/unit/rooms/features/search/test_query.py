"""What is understood of a search, and what is shown of a text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.features.search import excerpt, letters
from rooms.features.search.query import MOST_CHARACTERS, Query, parse
from rooms.protocol import Invalid


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("red apple", Query(terms=("red", "apple"))),
        ("red red", Query(terms=("red",))),
        ('  "red apple" -pear ', Query(terms=("red apple",), without=("pear",))),
        ('-"a b" c', Query(terms=("c",), without=("a b",))),
        ('"unclosed phrase', Query(terms=("unclosed phrase",))),
        ("- a", Query(terms=("-", "a"))),
        ("well-known a-b", Query(terms=("well-known", "a-b"))),
        ("http://x.example fro:m", Query(terms=("http://x.example", "fro:m"))),
        ("from:ana", Query(people=("ana",))),
        ('FROM:"Ana Maria" in:#Lobby', Query(people=("Ana Maria",), rooms=("lobby",))),
        ("has:file has:files", Query(has_file=True)),
        (
            "x after:2026-05-01 before:2026-06-01",
            Query(terms=("x",), after=date(2026, 5, 1), before=date(2026, 6, 1)),
        ),
    ],
)
def test_a_search_is_read(text: str, query: Query) -> None:
    assert parse(text) == query


@given(st.text(max_size=MOST_CHARACTERS + 10))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except Invalid:
        return
    assert (
        query.terms or query.people or query.rooms or query.before or query.after or query.has_file
    )
    assert all(term and term in text for term in (*query.terms, *query.without))


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_an_excerpt_is_part_of_the_text_and_marks_what_was_searched_for(
    body: str, terms: list[str]
) -> None:
    pieces = excerpt.of(body, terms)
    shown = "".join(piece.text for piece in pieces)
    assert shown.removeprefix("…").removesuffix("…") in body or shown in body
    wanted = [letters.fold(term) for term in terms]
    for piece in pieces:
        if piece.match:
            assert any(
                letters.fold(piece.text) in term or term in letters.fold(piece.text)
                for term in wanted
            )
    assert len(shown) <= excerpt.MOST_CHARACTERS + 2


def test_an_excerpt_shows_what_was_searched_for_far_within_a_text() -> None:
    pieces = excerpt.of("word " * 500 + "needle" + " word" * 500, ["NEEDLE"])
    assert [piece.text for piece in pieces if piece.match] == ["needle"]
    assert pieces[0].text.startswith("…word") and pieces[-1].text.endswith("…")


def test_letters_of_two_cases_are_the_same() -> None:
    assert letters.fold("ÄÖÜ Привет ΣΑΣ ẞ") == "äöü привет σασ ß"
    assert letters.same("σ") == letters.same("ς") == letters.same("Σ")
    assert letters.same("i") == "Ii" and letters.same("1") == "1"


@given(st.text())
def test_folding_keeps_places(text: str) -> None:
    assert len(letters.fold(text)) == len(text)
    assert letters.fold(letters.fold(text)) == letters.fold(text)


def test_letters_are_the_same_for_all_three() -> None:
    """Of each pair of letters that fold to the same, each names the other."""
    groups: dict[str, set[str]] = {}
    for code in (*range(1, 0xD800), *range(0xE000, 0x20000)):
        groups.setdefault(letters.fold(chr(code)), set()).add(chr(code))
    for group in groups.values():
        for letter in group if len(group) > 1 else ():
            assert set(letters.same(letter)) == group
