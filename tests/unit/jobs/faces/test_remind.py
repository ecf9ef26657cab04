"""`/remind …` and the times in it, as people type them."""

from datetime import UTC, datetime

import pytest

from jobs.faces.moments import moment
from jobs.faces.remind import parse
from jobs.kinds.room_reminder import ReminderParams, said
from rooms.core import markdown
from rooms.protocol import Invalid

# A Friday, at ten in the morning in Zurich.
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
ZURICH = "Europe/Zurich"


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("me in 10 minutes to stretch", "2026-11-27 09:10"),
        ("in 1 minute to stretch", "2026-11-27 09:01"),
        ("me in an hour to stretch", "2026-11-27 10:00"),
        ("room in 2 hours to stretch", "2026-11-27 11:00"),
        ("me in 3 days to stretch", "2026-11-30 09:00"),
        ("me in 1h30m to stretch", "2026-11-27 10:30"),
        ("me at 17:30 to stretch", "2026-11-27 16:30"),
        ("me at 9 to stretch", "2026-11-28 08:00"),
        ("me today at 17 to stretch", "2026-11-27 16:00"),
        ("me tomorrow at 9 to stretch", "2026-11-28 08:00"),
        ("ME Tomorrow AT 9:05 To stretch", "2026-11-28 08:05"),
        ("me at 9 tomorrow to stretch", "2026-11-28 08:00"),
        ("room on 2026-12-24 at 18:00 to stretch", "2026-12-24 17:00"),
    ],
)
def test_when(typed: str, at: str) -> None:
    reminder = parse(typed, NOW, ZURICH)
    assert (f"{reminder.at:%Y-%m-%d %H:%M}", reminder.text) == (at, "stretch")
    assert reminder.to == ("room" if typed.startswith("room") else "me")


def test_the_text_stands_as_it_is() -> None:
    assert parse("me in 1 hour to  go to  *bed*\nto sleep ", NOW, ZURICH).text == (
        "go to  *bed*\nto sleep"
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Usage"),
        ("me", "Usage"),
        ("me in 10 minutes", "Usage"),
        ("me in 10 minutes to", "Usage"),
        ("me to stretch", "Usage"),
        ("me soon to stretch", "When is 'soon'"),
        ("me in 10 lightyears to stretch", "no time"),
        ("me in 99999999 weeks to stretch", "within a year"),
        ("me in 0 minutes to stretch", "within a year"),
        ("me today at 8 to stretch", "within a year"),
        ("me at 25:00 to stretch", "no time of a day"),
        ("me at 9:5 to stretch", "no time of a day"),
        ("me at noon to stretch", "no time of a day"),
        ("me on 2026-13-01 at 9 to stretch", "no day"),
        ("me on 9999-12-31 at 9 to stretch", "within a year"),
        ("me in ٣ minutes to stretch", "When is"),
    ],
)
def test_what_is_refused(typed: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        parse(typed, NOW, ZURICH)


def test_in_words() -> None:
    assert moment(NOW, ZURICH) == "on Friday 27 November 2026 at 10:00 Europe/Zurich"


def test_a_name_is_no_markdown() -> None:
    body = said(ReminderParams(text="*stretch*"), "a_b_c <b> *d*")
    html = markdown.render(body)
    assert "a_b_c &lt;b&gt; *d*: <em>stretch</em>" in html
    assert said(ReminderParams(text="x", to="room"), "ana") == "⏰ x"
