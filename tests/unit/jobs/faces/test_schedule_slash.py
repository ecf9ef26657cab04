"""`/schedule …`, as people type it."""

from typing import Any

import pytest

from jobs.faces.schedule_slash import parse
from jobs.scheduling.actions import NewSchedule
from rooms.protocol import Invalid


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        (
            '"0 9 * * mon-fri" room.report days=7',
            {"cron": "0 9 * * mon-fri", "params": {"days": "7"}},
        ),
        (
            "0 9 * * mon-fri room.report days=7",
            {"cron": "0 9 * * mon-fri", "params": {"days": "7"}},
        ),
        ("every 1h room.report", {"every": 3600}),
        (
            "every 1h zone=Europe/Zurich title='The week' catch_up=skip room.report",
            {"every": 3600, "time_zone": "Europe/Zurich", "title": "The week", "catch_up": "skip"},
        ),
    ],
)
def test_what_is_to_come(typed: str, made: dict[str, Any]) -> None:
    assert parse(typed) == NewSchedule(kind="room.report", **made)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "When"),
        ("every", "Every what"),
        ("every now room.report", "no interval"),
        ("every 1h", "Which job"),
        ("0 9 * *", "Which job"),
        ('"0 9 * * *"', "Which job"),
        ('"0 9 * * *" days=7 room.report', "'days' stands before the kind"),
        ('"0 9 * * *" room.report days', "not name=value"),
        ('"0 9 * * *', "not closed"),
    ],
)
def test_what_is_refused(typed: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parse(typed)
