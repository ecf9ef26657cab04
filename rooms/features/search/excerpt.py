"""The part of a message's text around what was searched for, and where in it that stands. Pure.

What comes out are pieces of plain text: whoever shows them writes text, never HTML.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rooms.text import graphemes

from .letters import fold

BEFORE_CHARACTERS = 60
MOST_CHARACTERS = 240


class Piece(NamedTuple):
    text: str
    match: bool


def of(body: str, terms: Sequence[str]) -> list[Piece]:
    """About `MOST_CHARACTERS` of the text, with what is left out as an ellipsis."""
    text = body.strip()
    folded = fold(text)
    wanted = [fold(term) for term in terms]
    first = min((at for at in (folded.find(term) for term in wanted) if at >= 0), default=0)
    start = _begin(text, first - BEFORE_CHARACTERS) if first > BEFORE_CHARACTERS else 0
    shown = graphemes.cut(text[start:], MOST_CHARACTERS)
    pieces = _marked(shown, folded[start : start + len(shown)], wanted)
    if start:
        pieces.insert(0, Piece(graphemes.ELLIPSIS, False))
    if start + len(shown) < len(text):
        pieces.append(Piece(graphemes.ELLIPSIS, False))
    return _joined(pieces)


def _begin(text: str, at: int) -> int:
    """Where a word begins near `at`, else where a sign does."""
    space = text.rfind(" ", at, at + BEFORE_CHARACTERS // 2)
    if space >= 0:
        return space + 1
    while at > 0 and not graphemes.is_boundary(text, at):
        at -= 1
    return at


def _marked(shown: str, folded: str, wanted: Sequence[str]) -> list[Piece]:
    places = sorted(place for term in wanted for place in _places(folded, term))
    pieces: list[Piece] = []
    done = 0
    for start, end in places:
        start = max(start, done)
        if end <= start:
            continue
        pieces += [Piece(shown[done:start], False), Piece(shown[start:end], True)]
        done = end
    return [*pieces, Piece(shown[done:], False)]


def _places(folded: str, term: str) -> list[tuple[int, int]]:
    found = []
    at = folded.find(term)
    while at >= 0:
        found.append((at, at + len(term)))
        at = folded.find(term, at + len(term))
    return found


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind are one, and none is empty."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].match == piece.match:
            found[-1] = Piece(found[-1].text + piece.text, piece.match)
        elif piece.text:
            found.append(piece)
    return found
