"""Signs that Markdown shall not take for its own, hidden from its parser and put back afterwards.

Each is replaced by a letter of no living script that the text does not hold, and that counts as
punctuation, as the sign itself does. So what is written around it means what it meant. Hidden are:

- what would begin HTML: here it is text;
- the colon of `[word]: text`, which would define a link and show nothing;
- single tildes: two of them strike out, one says "about";
- signs of emphasis, brackets and the like within an address, which all belong to it;
- backslashes before a sign that makes an address or a mention: `example\\.org` is written to be no
  link.

Called by `markdown_html`. Pure.
"""

import re
from itertools import islice

from . import links

# Cuneiform, Avestan, Manichaean and Pahlavi punctuation.
_POOL = "".join(
    chr(code)
    for first, last in (
        (0x12470, 0x12474),
        (0x10B39, 0x10B3F),
        (0x10AF0, 0x10AF6),
        (0x10B99, 0x10B9C),
    )
    for code in range(first, last + 1)
)
IN_ADDRESSES = "*_~[]()\\&!"

_backslash = re.compile(r"\\(.)", re.DOTALL)
_tilde = re.compile("(?<!~)~(?!~)")
# Angle brackets that mean something: an address between them, and the address of a link.
_bracket = re.compile(
    r"(?<!\]\()<(?!(?:https?|mailto):[^<>\x00-\x20]*>"
    r"|[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z.-]{1,253}>)",
    re.IGNORECASE,
)


class Marks:
    """Which letter stands for which sign in one text."""

    # No more are shown as links in one message.
    LINKS = 300

    def __init__(self, letters: str) -> None:
        self._bracket, self._colon, self._tilde, self._backslash, *rest = list(letters)
        self._in_address = {ord(sign): mark for sign, mark in zip(IN_ADDRESSES, rest, strict=True)}
        self._signs = {ord(mark): chr(sign) for sign, mark in self._in_address.items()}
        self._signs |= {ord(self._bracket): "<", ord(self._colon): "", ord(self._tilde): "~"}

    def hide(self, body: str) -> str:
        """The text for the parser."""
        if "://" in body:
            body = self._hide_addresses(body)
        if "\\" in body:
            body = _backslash.sub(self._kept, body)
        if "~" in body:
            body = _tilde.sub(self._tilde, body)
        if "<" in body:
            body = _bracket.sub(self._bracket, body)
        return body.replace("]:", f"]{self._colon}:")

    def _hide_addresses(self, body: str) -> str:
        parts: list[str] = []
        done = 0
        for link in islice(links.find(body), self.LINKS):
            address = body[link.start : link.end]
            if "://" in address:
                parts += body[done : link.start], address.translate(self._in_address)
                done = link.end
        return "".join([*parts, body[done:]])

    def _kept(self, escape: re.Match[str]) -> str:
        return self._backslash + escape[1] if escape[1] in ".:@/" else escape[0]

    def shown(self, text: str) -> str:
        """A text between the signs of Markdown. `finished` is still to be called on its parts."""
        return text if text.isascii() else text.translate(self._signs)

    def is_escaped(self, text: str, at: int) -> bool:
        """Whether a backslash stands before this sign, which `shown` has left there."""
        return at > 0 and text[at - 1] == self._backslash

    def finished(self, text: str) -> str:
        """A text after addresses were looked for."""
        return text if text.isascii() else text.replace(self._backslash, "")

    def code(self, text: str) -> str:
        """A text in which a backslash is a backslash."""
        return text if text.isascii() else self.shown(text).replace(self._backslash, "\\")


MARKS_NEEDED = 4 + len(IN_ADDRESSES)
_usual = Marks(_POOL[:MARKS_NEEDED])


def for_text(body: str) -> Marks | None:
    """The marks of this text; None if it holds too many of the letters that could be some."""
    if body.isascii():
        return _usual
    free = [mark for mark in _POOL if mark not in body]
    if len(free) == len(_POOL):
        return _usual
    return Marks("".join(free[:MARKS_NEEDED])) if len(free) >= MARKS_NEEDED else None
