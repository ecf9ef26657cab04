"""What can be seen of a text. Nobody shall say nothing, or be called it. Pure.

Called wherever people name or say something: messages, rooms, topics, tokens, people.
"""

import re
import unicodedata
from html import unescape

# Separators, controls and format characters; accents, which need something to stand on.
INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Me"})
# Letters and signs by their category that leave an empty place: fillers of Hangul, a pattern of
# Braille without a dot, and those that Unicode says to leave out.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u2065\U0001d159")
# Never assigned, and never to be shown.
_left_out = re.compile("[\ufff0-\ufff8\ufdd0-\ufdef\U000e0000-\U000e0fff]")

_at_once = re.compile("[!-~]")
_tag = re.compile("<[^<>]*>")


def shows(text: str) -> bool:
    """Whether anything of the text can be seen."""
    return _at_once.search(text) is not None or any(map(_shows, text))


def _shows(character: str) -> bool:
    return (
        unicodedata.category(character) not in INVISIBLE
        and character not in BLANK
        and not _left_out.match(character)
        and ord(character) & 0xFFFE != 0xFFFE
    )


def of_html(html: str) -> str:
    """The text of HTML that `markdown_html` has written."""
    return unescape(_tag.sub("", html))
