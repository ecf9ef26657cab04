"""Signs that Markdown shall not take for its own, hidden from its parser and put back after it.

Each is replaced by a letter of no living script that the text does not hold, and that counts as
punctuation, as the sign itself does. So what is written around it means what it meant. Hidden are:

- what would begin HTML: here it is text;
- the colon of `[word]: text`, which would define a link and show nothing;
- single tildes: two of them strike out, one says "about";
- signs of emphasis, brackets and the like within an address, which all belong to it;
- backslashes before a sign that makes an address: `example\\.org` is written to be no link.

Called by `markdown_html`. Pure.
"""

import re

from . import links

# Cuneiform, Avestan, Manichaean and Pahlavi punctuation.
_POOL = [
    chr(code)
    for first, last in ((0x12470, 0x12474), (0x10B39, 0x10B3F), (0x10AF0, 0x10AF6), (0x10B99, 0x10B9C))
    for code in range(first, last + 1)
]  # fmt: skip
IN_ADDRESSES = "*_~[]()\\&!"

_scheme = re.compile("https?://", re.IGNORECASE)
_backslash = re.compile(r"\\(.)", re.DOTALL)
_tilde = re.compile("(?<!~)~(?!~)")
# Angle brackets that mean something: an address between them, and the address of a link.
_bracket = re.compile(
    r"(?<!\]\()<(?!(?:https?|mailto):[^<>\x00-\x20]*>"
    r"|[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z.-]{1,253}>)",
    re.IGNORECASE,
)


class Marks:
    """`hidden` is the text for the parser; `shown` and `code` make its texts what was written."""

    def __init__(self, body: str) -> None:
        free = (mark for mark in _POOL if mark not in body)
        bracket, colon, tilde, self._backslash = (next(free) for _ in range(4))
        in_address = {ord(sign): next(free) for sign in IN_ADDRESSES}
        self._signs = {ord(mark): chr(sign) for sign, mark in in_address.items()}
        self._signs |= {ord(bracket): "<", ord(colon): "", ord(tilde): "~"}

        if _scheme.search(body):
            parts, done = [], 0
            for link in links.find(body):
                parts.append(body[done : link.start])
                address = body[link.start : link.end]
                parts.append(address.translate(in_address) if "//" in address else address)
                done = link.end
            body = "".join([*parts, body[done:]])
        if "\\" in body:
            body = _backslash.sub(self._kept, body)
        if "~" in body:
            body = _tilde.sub(tilde, body)
        if "<" in body:
            body = _bracket.sub(bracket, body)
        self.hidden = body.replace("]:", f"]{colon}:")

    def _kept(self, escape: re.Match[str]) -> str:
        return self._backslash + escape[1] if escape[1] in ".:@/" else escape[0]

    def shown(self, text: str) -> str:
        """A text between the signs of Markdown. `finished` is still to be called on its parts."""
        return text if text.isascii() else text.translate(self._signs)

    def finished(self, text: str) -> str:
        """A text after addresses were looked for."""
        return text.replace(self._backslash, "")

    def code(self, text: str) -> str:
        """A text in which a backslash is a backslash."""
        return self.shown(text).replace(self._backslash, "\\")


def enough_free(body: str) -> bool:
    """Whether there are marks enough for this text."""
    return sum(mark not in body for mark in _POOL) >= 4 + len(IN_ADDRESSES)
