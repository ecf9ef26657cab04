"""Names behind an `@` in plain text. Pure.

Who is meant by them, and whether anybody is, `features.mentions` finds out: here is only what could
be a name. Called by `markdown_html`, which knows what is code, a link or an e-mail address.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Of one message; what follows is text.
MOST_NAMES = 50
NAME_CHARACTERS = 150

# What a user name may hold. An `@` within a word, a path or an address is none of a mention.
_name = re.compile(rf"(?<![\w@/+=])@((?=\w)[\w.@+-]{{1,{NAME_CHARACTERS}}}+)(?![\w@+-])")
# As `markdown_html` writes it. Text has neither brackets nor quotation marks there.
_written = re.compile(rf'<span data-mention="([^"]{{1,{NAME_CHARACTERS}}})">')


class Name(NamedTuple):
    """`text[start:end]` is an `@` and the name."""

    start: int
    end: int
    name: str


def find(text: str, start: int, end: int) -> Iterator[Name]:
    """All that could be names in `text[start:end]`, in order. What stands at the end of a name and
    would end a sentence belongs to the sentence."""
    for found in _name.finditer(text, start, end):
        name = found[1].rstrip(".@+-")
        yield Name(found.start(), found.start() + 1 + len(name), name)


def names(html: str) -> list[str]:
    """Those that a message's HTML marks, each once, in order."""
    if "data-mention" not in html:
        return []
    return list(dict.fromkeys(_written.findall(html)))
