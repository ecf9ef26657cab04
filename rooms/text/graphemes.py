"""Texts cut to a length where a reader sees a boundary: never inside an emoji, a flag, a syllable,
a letter with its accents. Pure.

Called by whatever shows the beginning of a text. The rules are those of Unicode's annex 29, as far
as categories tell; `text.js` asks the browser.
"""

import unicodedata

JOINER = "\u200d"
# Code points in one visible character. No writing has more; what has more is cut anyway.
MOST_SIGNS = 64
ELLIPSIS = "…"

_regional = range(0x1F1E6, 0x1F200)
_skin = range(0x1F3FB, 0x1F400)
_tags = range(0xE0020, 0xE0080)
_leading, _vowels, _trailing = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)
_syllables = range(0xAC00, 0xD7A4)
_virama = 9


def cut(text: str, most: int, ellipsis: str = "") -> str:
    """At most `most` characters of the beginning, `ellipsis` included if something is left out."""
    if len(text) <= most:
        return text
    end = most - len(ellipsis)
    first = max(0, end - MOST_SIGNS)
    at = end
    while at > first and not is_boundary(text, at):
        at -= 1
    # What goes on for longer than any sign does is cut all the same.
    return text[: end if at == first and end >= MOST_SIGNS else at] + ellipsis


def last(text: str, most: int) -> str:
    """At most `most` characters of the end."""
    if len(text) <= most:
        return text
    start = len(text) - most
    final = min(len(text), start + MOST_SIGNS)
    at = start
    while at < final and not is_boundary(text, at):
        at += 1
    return text[start if at == final and most >= MOST_SIGNS else at :]


def is_boundary(text: str, at: int) -> bool:
    """Whether a reader sees two signs where `text[at - 1]` and `text[at]` meet."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if before.isascii() and after.isascii():
        return True
    if unicodedata.category(before) == "Cc" or unicodedata.category(after) == "Cc":
        return True
    if _continues(after):
        return False
    if before == JOINER:
        return not _is_sign(after)
    if unicodedata.combining(before) == _virama and unicodedata.category(after) == "Lo":
        return False
    if ord(before) in _regional and ord(after) in _regional:
        return _flags_before(text, at) % 2 == 0
    return not _one_syllable(ord(before), ord(after))


def _continues(character: str) -> bool:
    """Whether it is a part of what stands before it."""
    return (
        character == JOINER
        or character == "\u200c"
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
        or ord(character) in _skin
        or ord(character) in _tags
    )


def _is_sign(character: str) -> bool:
    """Whether a joiner ties it to what stands before: emoji, also those newer than this Python."""
    return unicodedata.category(character) in ("So", "Sk", "Cn") or character in "♀♂↔↕‼⁉"


def _flags_before(text: str, at: int) -> int:
    """How many halves of flags stand before `at`, as far as it matters."""
    first = at
    while first > 0 and at - first < MOST_SIGNS and ord(text[first - 1]) in _regional:
        first -= 1
    return at - first


def _one_syllable(before: int, after: int) -> bool:
    """Hangul is written in letters as well, which stand together."""
    if before in _leading:
        return after in _leading or after in _vowels or after in _syllables
    if before in _vowels or (before in _syllables and (before - 0xAC00) % 28 == 0):
        return after in _vowels or after in _trailing
    return (before in _trailing or before in _syllables) and after in _trailing
