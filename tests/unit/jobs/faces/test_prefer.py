"""How `Prefer` is read."""

import pytest

from jobs.faces.prefer_wait import MOST_SECONDS, seconds_of


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=5", 5),
        ("WAIT=5", 5),
        ('wait="5"', 5),
        ("wait = 5", 5),
        ("respond-async, wait=10", 10),
        ("wait=10;x=y, respond-async", 10),
        ("wait=3, wait=9", 3),
        ("wait=31", MOST_SECONDS),
        ("wait=999999999999", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=", 0),
        ("wait", 0),
        ("await=5", 0),
        ("wait=٣", 0),
    ],
)
def test_what_is_not_understood_is_left_aside(header: str | None, seconds: int) -> None:
    assert seconds_of(header) == seconds
