"""What can be seen of a text, told by what it is made of."""

import sys
import unicodedata

import pytest

from rooms.text.visible import shows

UNSEEN = "".join(
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me")
)


def test_no_sign_that_cannot_be_seen_shows() -> None:
    assert not shows(UNSEEN)
    assert [character for character in UNSEEN if shows(character)] == []


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u200b", "\u200d\ufe0f", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u00ad"]
    + ["\u034f", "\ufeff", "\u2060\u2061", "\U000e0041", "\ufffe", "\ufdd0"]
    + ["\u202e \u2066", "\u0301"],
    ids=ascii,
)  # fmt: skip
def test_these_say_nothing(text: str) -> None:
    assert not shows(text)
    assert shows(f"{text}.")


@pytest.mark.parametrize(
    "text", ["a", "0", ".", "漢", "😀", "\U0001fae8", "\ue000", "é", "\u0301a", "€", "ـ"], ids=ascii
)
def test_these_say_something(text: str) -> None:
    assert shows(text)
