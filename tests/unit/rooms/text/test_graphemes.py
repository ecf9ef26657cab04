"""Texts are cut where a reader sees a boundary."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.text.graphemes import ELLIPSIS, MOST_SIGNS, cut, is_boundary, last

SIGNS = [
    "a",
    "é",
    "e\u0301",
    "👨\u200d👩\u200d👧\u200d👦",
    "👍🏽",
    "❤\ufe0f",
    "🇩🇪",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "각",
    "\u1112\u1161\u11ab",
    "नि",
    "क्ष",
    "👩🏽\u200d🚀",
    "🏳\ufe0f\u200d🌈",
    "\r\n",
    "1\ufe0f\u20e3",
    "漢",
]


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_nothing_is_cut_within_a_sign(sign: str) -> None:
    text = f"x{sign}y"
    assert [at for at in range(len(text) + 1) if is_boundary(text, at)] == [
        0,
        1,
        1 + len(sign),
        2 + len(sign),
    ]
    for most in range(1, 1 + len(sign)):
        assert cut(f"x{sign}yyyy", most) == "x"
        assert last(f"yyyy{sign}x", most) == "x"


def test_flags_are_pairs() -> None:
    flags = "🇩🇪🇫🇷🇮🇹"
    assert [cut(flags, most) for most in range(2, 7)] == [
        flags[:2], flags[:2], flags[:4], flags[:4], flags,
    ]  # fmt: skip


def test_what_is_left_out_is_marked() -> None:
    assert cut("abcdef", 6, ELLIPSIS) == "abcdef"
    assert cut("abcdef", 5, ELLIPSIS) == "abcd…"
    assert cut("abe\u0301f", 4, ELLIPSIS) == "ab…"


def test_signs_without_end_are_cut_all_the_same() -> None:
    text = "a" + "\u0301" * 5_000
    assert len(cut(text, 200)) == 200
    assert len(last(text, 200)) == 200


@given(st.lists(st.sampled_from(SIGNS), max_size=20).map("".join), st.integers(0, 60))
def test_a_cut_is_no_longer_than_asked_for_and_loses_one_sign_at_most(text: str, most: int) -> None:
    short = cut(text, most)
    assert text.startswith(short)
    assert len(short) <= most
    assert len(short) == len(text) or most - len(short) < max(map(len, SIGNS))
    assert MOST_SIGNS > max(map(len, SIGNS))
    assert not unicodedata.combining((text + "x")[len(short)]) or not short
