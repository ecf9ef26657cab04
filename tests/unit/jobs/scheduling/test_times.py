"""When schedules come: across changes of the clock, backwards as forwards, and what is refused."""

import operator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scheduling import times
from jobs.scheduling.times import Recurrence
from rooms.protocol import Invalid

# By an hour, by half of one, at midnight, in the South, with winter as the exception.
ZONES = [
    "UTC",
    "Europe/Zurich",
    "Europe/Dublin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
]
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 4 * 366 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
CRONS = st.sampled_from(
    [
        "30 2 * * *",
        "0,15,30,45 1-3 * * *",
        "0 0 * * *",
        "30 0,12 * * mon-fri",
        "0-59 2 * * *",
        "*/10 * * * *",
        "*/10 2 * * *",
        "5 * * * *",
        "0 0 1 * *",
        "0 9 L * *",
        "0 9 * * MON#1",
    ]
)


def cron(expression: str, zone: str = "UTC") -> Recurrence:
    return Recurrence(expression, None, zone, BEGIN)


def every(seconds: int) -> Recurrence:
    return Recurrence("", seconds, "UTC", BEGIN)


@given(st.sampled_from(ZONES), st.integers(0, 59), st.integers(0, 23), st.integers(2024, 2028))
def test_a_daily_job_comes_once_on_each_day(zone: str, minute: int, hour: int, year: int) -> None:
    there = ZoneInfo(zone)
    begin = datetime(year, 1, 1, tzinfo=there)
    coming = cron(f"{minute} {hour} * * *", zone).times_after(begin - timedelta(seconds=1))
    days = [time.astimezone(there).date() for time in islice(coming, 365)]
    assert days == [date(year, 1, 1) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize(
    ("day", "times_utc"),
    [
        # 02:30 is lost: it is 03:00, which is 01:00 UTC.
        (31, ["2024-03-30 01:30", "2024-03-31 01:00", "2024-04-01 00:30"]),
        # 02:30 is there twice: the first time, which is 00:30 UTC.
        (300, ["2024-10-26 00:30", "2024-10-27 00:30", "2024-10-28 01:30"]),
    ],
)
def test_half_past_two_in_zurich(day: int, times_utc: list[str]) -> None:
    begin = datetime.fromisoformat(f"{times_utc[0]}+00:00") - timedelta(hours=1)
    coming = islice(cron("30 2 * * *", "Europe/Zurich").times_after(begin), 3)
    assert [f"{time:%Y-%m-%d %H:%M}" for time in coming] == times_utc


def test_begun_within_a_doubled_hour_nothing_comes_that_is_past() -> None:
    second_pass = datetime(2024, 10, 27, 1, 10, tzinfo=UTC)
    found = cron("30 2 * * *", "Europe/Zurich").after(second_pass)
    assert found == datetime(2024, 10, 28, 1, 30, tzinfo=UTC)


@given(st.sampled_from(ZONES), MOMENTS)
def test_a_star_goes_by_elapsed_time(zone: str, moment: datetime) -> None:
    found = list(islice(cron("*/15 * * * *", zone).times_after(moment), 200))
    assert {b - a for a, b in pairwise(found)} == {timedelta(minutes=15)}


@given(CRONS, st.sampled_from(ZONES), MOMENTS, st.integers(0, 3 * 86_400), st.integers(1, 20))
def test_backwards_is_as_forwards(
    expression: str, zone: str, first: datetime, seconds: int, most: int
) -> None:
    recurrence = cron(expression, zone)
    last = first + timedelta(seconds=seconds)
    coming = recurrence.times_after(first - timedelta(microseconds=1))
    forwards = list(takewhile(lambda time: time <= last, coming))
    assert recurrence.last_between(first, last, most) == forwards[-most:]


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "UTC"])
@pytest.mark.parametrize("expression", ["30 2 * * *", "0-59 0-3 * * *", "30 0 * * *", "0 * * * *"])
def test_backwards_is_as_forwards_around_changes_of_the_clock(zone: str, expression: str) -> None:
    recurrence, there = cron(expression, zone), ZoneInfo(zone)
    hours = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(366 * 24)]
    changes = [
        b
        for a, b in pairwise(hours)
        if a.astimezone(there).utcoffset() != b.astimezone(there).utcoffset()
    ]
    assert changes
    for change in changes:
        first = change - timedelta(hours=30)
        for minutes in range(0, 180, 7):
            last = change + timedelta(minutes=minutes - 90)
            coming = recurrence.times_after(first - timedelta(microseconds=1))
            forwards = list(takewhile(partial(operator.ge, last), coming))
            assert recurrence.last_between(first, last, 1_000) == forwards


def part(low: int, high: int, *others: str) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    one = st.one_of(
        st.just("*"),
        number.map(str),
        st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}"),
        st.sampled_from(others or ("*",)),
    )
    stepped = st.tuples(one, st.integers(0, 70)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.lists(st.one_of(one, stepped), min_size=1, max_size=3).map(",".join)


EXPRESSIONS = st.tuples(
    part(0, 59),
    part(0, 23),
    part(1, 31, "L", "LW"),
    part(1, 12, "jan", "DEC"),
    part(0, 7, "mon", "MON#1", "5L", "fri-sat"),
).map(" ".join)


@given(st.one_of(EXPRESSIONS, st.text(max_size=20)), st.sampled_from(ZONES), MOMENTS)
def test_whatever_is_taken_has_times_and_words(
    expression: str, zone: str, moment: datetime
) -> None:
    try:
        recurrence = times.checked(cron(expression, zone), moment, 60)
    except Invalid:
        return
    assert times.words(recurrence)
    found = list(islice(recurrence.times_after(moment), 5))
    assert found and found[0] > moment
    assert all(a < b for a, b in pairwise(found))
    assert recurrence.last_between(found[0], found[-1], 5) == found


@given(st.integers(60, 10_000_000), MOMENTS)
def test_an_interval_counts_from_its_beginning(seconds: int, moment: datetime) -> None:
    recurrence = every(seconds)
    time = recurrence.after(moment)
    assert time is not None and moment < time <= moment + timedelta(seconds=seconds)
    assert (time - BEGIN).total_seconds() % seconds == 0
    assert recurrence.last_between(moment, time, 3)[-1:] == [time]


def test_before_its_beginning_an_interval_has_no_times() -> None:
    recurrence = every(60)
    assert recurrence.after(BEGIN - timedelta(days=1)) == BEGIN + timedelta(seconds=60)
    assert recurrence.last_between(BEGIN - timedelta(days=1), BEGIN, 5) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 9 * *", "five fields"),
        ("0 0 9 * * *", "five fields"),
        ("", "five fields"),
        ("60 * * * *", "bad minute"),
        ("0 9 * * funday", "bad day-of-week"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("0 0 29 2 MON#5", "no time that ever comes"),
        ("*/0 * * * *", "bad minute"),
        (f"0 {','.join(['9'] * 100)} * * *", "five fields"),
    ],
)
def test_a_cron_expression_that_cannot_be(expression: str, said: str) -> None:
    if "#5" in expression:
        # The fifth Monday of a February of 29 days comes every 28 years.
        assert cron(expression).after(BEGIN) is not None
        return
    with pytest.raises(Invalid, match=said):
        times.checked(cron(expression), BEGIN, 60)


@pytest.mark.parametrize(
    ("recurrence", "shortest"),
    [
        (every(59), 60),
        (every(400 * 86_400), 60),
        (cron("*/5 * * * *"), 600),
        (cron("0,1 0 1 * *"), 600),
        (cron("0 9 * * *", "Europe/Nowhere"), 60),
        (cron("0 9 * * *", "../etc/passwd"), 60),
        (Recurrence("0 9 * * *", 60, "UTC", BEGIN), 60),
    ],
)
def test_what_is_refused(recurrence: Recurrence, shortest: int) -> None:
    with pytest.raises(Invalid):
        times.checked(recurrence, BEGIN, shortest)


def test_what_is_taken() -> None:
    for recurrence in (every(60), cron("* * * * *"), cron("0 9 * * MON-fri", "Europe/Zurich")):
        assert times.checked(recurrence, BEGIN, 60) == recurrence


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("1h", 3600), ("90s", 90), ("1d12h", 129_600), ("15M", 900), ("1h30m", 5400)],
)
def test_an_interval_as_it_is_typed(typed: str, seconds: int) -> None:
    assert times.interval(typed) == seconds
    assert times.interval(times.spelled(seconds)) == seconds


@pytest.mark.parametrize(
    "typed", ["", "h", "1", "1x", "0m", "1m1h", "1h1h", "-1h", "1.5h", "1 h", "9" * 50, "400d"]
)
def test_what_is_no_interval(typed: str) -> None:
    with pytest.raises(Invalid, match="no interval"):
        times.interval(typed)


def test_in_words() -> None:
    assert times.words(cron("0 9 * * mon-fri", "Europe/Zurich")) == (
        "At 09:00 on Monday through Friday (Europe/Zurich)"
    )
    assert times.words(every(5400)) == "Every 1h30m"
