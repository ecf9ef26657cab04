"""Letters as search takes them: large and small ones are the same, in every script and on every
database. Their own ideas of it differ: SQLite's LIKE knows ASCII alone, PostgreSQL asks its locale.

`fold` is the definition; the patterns are the same in each database's words. Used by `conditions`,
which makes statements of them, by `message_index` and by `excerpt`. Pure.
"""

from collections.abc import Iterator

# Letters that are one's another way of writing, and that asking for upper and lower case of the
# other one does not name.
_VARIANTS = "ſ\u212a\u212b\u2126\u00b5\u0345\u1fbeςẞϐϵϑϴϰϖϱϕẛ"
# A dotless i is not an i; and a few that a database may know nothing of stand for themselves.
_ALONE = frozenset("ıᲀᲁᲂᲃᲄᲅᲆᲇᲈ")
# Letters with two cases that are the same to SQLite's tokenizer as they are to `fold`: of others it
# knows, depending on its age, that they are two cases of one letter, or it does not.
_KNOWN_BELOW = 0x0528
_UNKNOWN = range(0x0250, 0x02B0)
_UNKNOWN_ALONE = frozenset("\u037f\u03f3")
TRIGRAM = 3


def _folded(letter: str) -> str:
    if letter in _ALONE:
        return letter
    upper = letter.upper()
    lower = (upper if len(upper) == 1 else letter).lower()
    return lower if len(lower) == 1 else letter


class _Folds(dict[int, str]):
    """Letters as they come, so that `str.translate` asks for each of them once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_folds = _Folds()
_variants: dict[str, str] = {}
for _each in _VARIANTS:
    _variants[_folded(_each)] = _variants.get(_folded(_each), "") + _each


def fold(text: str) -> str:
    """The text with one case alone, letter for letter: places in it are places in the text."""
    return text.translate(_folds)


def same(letter: str) -> str:
    """All letters that are this one, in an order that is always the same."""
    base = _folded(letter)
    others = {letter, base, base.upper(), base.title(), *_variants.get(base, "")}
    return "".join(sorted(each for each in others if len(each) == 1 and _folded(each) == base))


def glob(term: str) -> str:
    """What SQLite's GLOB takes for "holds this"."""
    return f"*{''.join(_globbed(each) for each in term)}*"


def _globbed(letter: str) -> str:
    letters = same(letter)
    return f"[{letters}]" if len(letters) > 1 or letter in "*?[" else letter


def regex(term: str) -> str:
    """The same as a regular expression of PostgreSQL."""
    return "".join(_escaped(each) for each in term)


def _escaped(letter: str) -> str:
    letters = same(letter)
    if len(letters) > 1:
        return f"[{letters}]"
    # A backslash before a letter or a digit would mean something.
    return letter if letter.isalnum() or letter.isspace() or ord(letter) > 127 else f"\\{letter}"


def trigrams(term: str) -> Iterator[str]:
    """All of three letters in a row, but for those that SQLite might fold in another way."""
    for start in range(len(term) - TRIGRAM + 1):
        three = term[start : start + TRIGRAM]
        if all(_known(each) for each in three):
            yield three


def _known(letter: str) -> bool:
    if letter in _ALONE or letter in _UNKNOWN_ALONE:
        return False
    code = ord(letter)
    return len(same(letter)) == 1 or (code < _KNOWN_BELOW and code not in _UNKNOWN)
