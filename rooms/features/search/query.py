"""What a person looks for, read from one line: `"release notes" -draft from:ana after:2026-05-01`.

Pure. Words and quoted phrases all have to be there, a minus before one means that it must not.
Bounded in length and in number, and read in one pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rooms.models import is_slug
from rooms.protocol import Invalid

MOST_CHARACTERS = 250
MOST_PARTS = 12
FILTERS = ("from", "in", "before", "after", "has")
QUOTES = '"“”„«»'


@dataclass(frozen=True)
class Query:
    """`terms` must be in the text, `without` must not. `people` are names, `rooms` slugs: one of
    each is enough. Days are whole ones: from `after` on, and until `before` begins."""

    terms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    before: date | None = None
    after: date | None = None
    has_file: bool = False


def parse(text: str) -> Query:
    """Raises Invalid, in words for the person who typed it."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"A search has at most {MOST_CHARACTERS} characters.", "too_long")
    found: dict[str, list[str]] = {name: [] for name in ("terms", "without", *FILTERS)}
    parts = 0
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        name, value, at = _part(text, at)
        if not value:
            if name in FILTERS:
                raise Invalid(f"`{name}:` needs something after it, without a space.")
            continue
        parts += 1
        if parts > MOST_PARTS:
            raise Invalid(f"A search has at most {MOST_PARTS} words and filters.")
        found[name].append(value)
    query = Query(
        terms=_once(found["terms"]),
        without=_once(found["without"]),
        people=_once(found["from"]),
        rooms=_once(_slug(each) for each in found["in"]),
        before=_day("before", found["before"]),
        after=_day("after", found["after"]),
        has_file=_has(found["has"]),
    )
    if query == Query(without=query.without):
        raise Invalid("Say which words to search for, or from whom, or in which room.")
    return query


def _part(text: str, at: int) -> tuple[str, str, int]:
    """What begins at `at`: of which list it is, its text, and where the next may begin."""
    name = "terms"
    if text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace():
        name, at = "without", at + 1
    asked = _filter(text, at)
    if asked:
        if name == "without":
            raise Invalid(f"A minus is for words; `{asked}:` cannot be taken away.")
        name, at = asked, at + len(asked) + 1
    if at < len(text) and text[at] in QUOTES:
        end = at + 1
        while end < len(text) and text[end] not in QUOTES:
            end += 1
        return name, text[at + 1 : end].strip(), end + 1
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return name, text[at:end], end


def _filter(text: str, at: int) -> str | None:
    names = (each for each in FILTERS if text[at : at + len(each) + 1].lower() == f"{each}:")
    return next(names, None)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _slug(value: str) -> str:
    slug = value.removeprefix("#").lower()
    if not is_slug(slug):
        raise Invalid(f"`in:` takes the address of a room, like `in:lobby`, not {value!r}.")
    return slug


def _day(name: str, values: list[str]) -> date | None:
    if len(values) > 1:
        raise Invalid(f"`{name}:` can be said once.")
    try:
        return date.fromisoformat(_written_out(values[0])) if values else None
    except ValueError:
        raise Invalid(f"`{name}:` takes a day like `{name}:2026-05-01`.") from None


def _written_out(day: str) -> str:
    """Python takes weeks, and days without hyphens, as well."""
    return day if len(day) == 10 and day[4] == day[7] == "-" else ""


def _has(values: list[str]) -> bool:
    if any(each.lower() not in ("file", "files") for each in values):
        raise Invalid("`has:` takes `file`, and nothing else.")
    return bool(values)
