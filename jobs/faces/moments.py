"""A moment in words, in a time zone that is said: for answers to people whose own nobody knows."""

from datetime import datetime
from zoneinfo import ZoneInfo

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December".split()
)


def moment(at: datetime, zone: str) -> str:
    """ "on Friday 27 November 2026 at 17:30 Europe/Zurich" """
    local = at.astimezone(ZoneInfo(zone))
    day = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"on {day} at {clock} {zone}"
