"""When a schedule comes again: by a cron expression in a time zone, or every so many seconds. Pure.

Cron is Debian's, by CronSim, across changes of the clock as well: a job at a fixed time runs once a
day, the lost 02:30 at 03:00 and the doubled 02:30 the first time; one with a star in its minutes or
hours goes by elapsed time, so that it keeps on through the doubled hour. Moments are in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from jobs.models import Schedule
from rooms.protocol import Invalid

FIELDS = 5
LONGEST_CRON = 100
LONGEST_INTERVAL = timedelta(days=366)
# How many times are looked at to see how close they come to one another.
LOOKED_AT = 100
# No zone of today sets its clock by more.
MOST_CHANGE = timedelta(hours=3)
# Their order is that of "1d12h30m".
UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Recurrence:
    """`every` is in seconds, counted from `begins_at`; without it `cron` holds in `time_zone`."""

    cron: str
    every: int | None
    time_zone: str
    begins_at: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`. None: there is none within 50 years."""
        return next(self.times_after(moment), None)

    def times_after(self, moment: datetime) -> Iterator[datetime]:
        """All that come, ascending."""
        if self.every is not None:
            step = timedelta(seconds=self.every)
            passed = (moment - self.begins_at) // step
            time = self.begins_at + max(1, passed + 1) * step
            while True:
                yield time
                time += step
        last = moment
        for found in CronSim(self.cron, moment.astimezone(zone(self.time_zone))):
            time = found.astimezone(UTC)
            # By the wall clock a doubled hour begins once more.
            if time > last:
                last = time
                yield time

    def last_between(self, first: datetime, last: datetime, most: int) -> list[datetime]:
        """The latest `most` of the times from `first` to `last`, both included, ascending. It takes
        as long for years as for minutes."""
        found: list[datetime] = []
        for time in self._times_until(last):
            if time < first or len(found) == most:
                break
            found.append(time)
        return found[::-1]

    def _times_until(self, moment: datetime) -> Iterator[datetime]:
        if self.every is not None:
            step = timedelta(seconds=self.every)
            time = self.begins_at + (moment - self.begins_at) // step * step
            while time > self.begins_at:
                yield time
                time -= step
            return
        # By the wall clock, the end of a doubled hour may stand before its beginning.
        begin = (moment + MOST_CHANGE).astimezone(zone(self.time_zone))
        before = moment + timedelta(microseconds=1)
        for found in CronSim(self.cron, begin, reverse=True):
            time = found.astimezone(UTC)
            if time < before:
                before = time
                yield time


def of(row: Schedule) -> Recurrence:
    return Recurrence(row.cron, row.every, row.time_zone, row.begins_at)


def words(recurrence: Recurrence) -> str:
    """As people say it: "At 09:00 on Monday through Friday (Europe/Zurich)"."""
    if recurrence.every is not None:
        return f"Every {spelled(recurrence.every)}"
    said = CronSim(recurrence.cron, datetime(2000, 1, 1)).explain()
    return f"{said} ({recurrence.time_zone})"


def spelled(seconds: int) -> str:
    """90000 → "1d1h", as it is typed."""
    parts = []
    for unit, size in UNITS.items():
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


def interval(text: str) -> int:
    """ "1d12h30m" → seconds. Raises Invalid."""
    seconds, number, left = 0, "", list(UNITS)
    for letter in text[:LONGEST_CRON].lower():
        if letter in "0123456789":
            number += letter
            if len(number) > 9:
                break
        elif number and letter in left:
            left = left[left.index(letter) + 1 :]
            seconds += int(number) * UNITS[letter]
            number = ""
        else:
            number = "?"
            break
    if number or not 0 < seconds <= LONGEST_INTERVAL.total_seconds() or len(text) > LONGEST_CRON:
        raise Invalid(
            f"{text[:40]!r} is no interval. Say it as in 30m, 1h, 1d12h; 366d is the most."
        )
    return seconds


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(name: str) -> ZoneInfo:
    """The zone of this name (IANA). Raises Invalid."""
    if name not in _zones():
        raise Invalid(f"There is no time zone {name[:64]!r}. Say it as in Europe/Zurich, or UTC.")
    return ZoneInfo(name)


def checked(recurrence: Recurrence, now: datetime, shortest: int) -> Recurrence:
    """The same, if it can be kept. Raises Invalid, as for what comes more often than every
    `shortest` seconds."""
    zone(recurrence.time_zone)
    if recurrence.every is not None:
        if recurrence.cron:
            raise Invalid("A schedule has a cron expression or an interval, not both.")
        if not shortest <= recurrence.every <= LONGEST_INTERVAL.total_seconds():
            most = LONGEST_INTERVAL.days
            raise Invalid(f"The interval is from {spelled(shortest)} to {most}d.")
        return recurrence
    _check_cron(recurrence, now, shortest)
    return recurrence


def _check_cron(recurrence: Recurrence, now: datetime, shortest: int) -> None:
    cron = recurrence.cron
    if len(cron) > LONGEST_CRON or len(cron.split()) != FIELDS:
        raise Invalid(
            "A cron expression has five fields: minute, hour, day of the month, month, weekday,"
            ' as in "0 9 * * mon-fri".'
        )
    try:
        CronSim(cron, now)
    except CronSimError as error:
        raise Invalid(f"Cron expression {cron!r}: {str(error).lower()}.") from None
    if recurrence.after(now) is None:
        raise Invalid(f"The cron expression {cron!r} names no time that ever comes.")
    if shortest > UNITS["m"]:
        times = islice(recurrence.times_after(now), LOOKED_AT)
        if any((b - a).total_seconds() < shortest for a, b in pairwise(times)):
            raise Invalid(f"A schedule comes at most every {spelled(shortest)}.")
