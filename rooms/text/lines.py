"""One line that people write about themselves: names, pronouns, a word on who they are. Pure.

It is shown beside other people's lines, so nothing in it may end the line, or turn what follows.
"""

import unicodedata

# Controls, halves of characters, and ends of lines.
STRAYING = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Embeddings, overrides and isolates of Unicode's bidirectional algorithm. Letters of scripts that
# run the other way need none of them; the plain marks of direction reach no further than a word.
STEERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """What was typed, with single spaces in place of all other white space."""
    return " ".join(text.split())


def strays(text: str) -> bool:
    """Whether something in it reaches beyond the line."""
    return any(each in STEERING or unicodedata.category(each) in STRAYING for each in text)
