"""`/remind me in 10 minutes to …`: a job of the kind `room.reminder` at a time that people type.

`parse` is pure and reads each word once. Registered by the slice.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs.models import Job
from jobs.scheduling import times
from jobs.submitting.actions import Submission, submit
from rooms.core.slash import SlashCommand
from rooms.database import clock
from rooms.models import User
from rooms.protocol import Invalid
from rooms.protocol.answers import PrivateWords
from rooms.protocol.scopes import Scope

from .moments import moment

KIND = "room.reminder"
USAGE = "/remind me in 10 minutes to TEXT"
HELP = (
    f'{USAGE}. Or "room" for "me", and "at 17:30", "tomorrow at 9", "on 2026-12-24 at 9:00",'
    ' "in 2 hours", "in 1h30m".'
)
UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
    "sec": 1,
    "min": 60,
    "h": 3_600,
}
LATEST = timedelta(days=366)
# "room on 2026-12-24 at 9:00 to": no form has more words before its text.
WORDS = 8


class Reminder(NamedTuple):
    to: str
    at: datetime
    text: str


def parse(arguments: str, now: datetime, zone: str) -> Reminder:
    """`at` is in UTC, typed by the clock of `zone`. Raises Invalid."""
    words, text = _before_the_text(arguments)
    to = words.pop(0).lower() if words and words[0].lower() in ("me", "room") else "me"
    if not words or not text:
        raise Invalid(f"Whom, when and of what? Usage: {HELP}")
    at = _when([word.lower() for word in words], now, zone)
    if not timedelta(0) < at - now <= LATEST:
        raise Invalid("A reminder is for a time within a year from now.")
    return Reminder(to, at, text)


def _before_the_text(arguments: str) -> tuple[list[str], str]:
    """The words up to "to", and what follows it."""
    words: list[str] = []
    rest = arguments
    while rest and len(words) < WORDS:
        word, *more = rest.split(None, 1)
        rest = more[0] if more else ""
        if word.lower() == "to":
            return words, rest.strip()
        words.append(word)
    return words, ""


def _when(words: list[str], now: datetime, zone: str) -> datetime:
    today = now.astimezone(ZoneInfo(zone)).date()
    match words:
        case ["in", number, unit] if number.isascii() and number.isdigit():
            return _later(now, number, unit)
        case ["in", "a" | "an" | "one", unit]:
            return _later(now, "1", unit)
        case ["in", interval]:
            return now + timedelta(seconds=times.interval(interval))
        case ["at", typed]:
            at = _at(today, typed, zone)
            # What has been today is meant for tomorrow.
            return at if at > now else _at(today + timedelta(days=1), typed, zone)
        case ["today", "at", typed] | ["at", typed, "today"]:
            return _at(today, typed, zone)
        case ["tomorrow", "at", typed] | ["at", typed, "tomorrow"]:
            return _at(today + timedelta(days=1), typed, zone)
        case ["on", day, "at", typed]:
            return _at(_day(day, today), typed, zone)
    raise Invalid(f"When is {' '.join(words)[:60]!r}? Usage: {HELP}")


def _later(now: datetime, number: str, unit: str) -> datetime:
    name = unit if unit in UNITS else unit.removesuffix("s")
    if name not in UNITS or len(number) > 8:
        raise Invalid(f"{number[:20]} {unit[:20]} is no time. Usage: {HELP}")
    return now + min(timedelta(seconds=int(number) * UNITS[name]), 2 * LATEST)


def _at(day: date, typed: str, zone: str) -> datetime:
    hours, colon, minutes = typed.partition(":")
    minutes = minutes if colon else "00"
    plain = f"{hours}{minutes}"
    if plain.isascii() and plain.isdigit() and len(hours) <= 2 and len(minutes) == 2:
        if int(hours) < 24 and int(minutes) < 60:
            local = datetime.combine(day, time(int(hours), int(minutes)), ZoneInfo(zone))
            return local.astimezone(UTC)
    raise Invalid(f"{typed[:20]!r} is no time of a day. Say it as in 17:30.")


def _day(typed: str, today: date) -> date:
    try:
        day = date.fromisoformat(typed[:20])
        if abs(day - today) <= LATEST:
            return day
        raise Invalid("A reminder is for a time within a year from now.")
    except ValueError:
        raise Invalid(f"{typed[:20]!r} is no day. Say it as in 2026-12-24.") from None


def remind(user: User, room: str, arguments: str, client_id: UUID) -> dict[str, Any]:
    zone = settings.TIME_ZONE
    # Sent again, "in ten minutes" is ten minutes from when it was sent first.
    known = Job.objects.filter(requested_by=user, idempotency_key=str(client_id), kind=KIND).first()
    now = clock.now() if known is None else known.created_at
    wanted = parse(arguments, now, zone)
    at = wanted.at if known is None else known.run_at
    params = {"text": wanted.text, "to": wanted.to}
    job, _ = submit(Submission(user, KIND, params, room, run_at=at, key=str(client_id)))
    whom = "you here" if wanted.to == "me" else "the room"
    return {
        "type": "words",
        "words": f"I will remind {whom} {moment(job.run_at or wanted.at, zone)}.",
    }


REMIND = SlashCommand(
    "remind",
    USAGE,
    "Say something here at a later time.",
    remind,
    PrivateWords,
    Scope.JOBS,
)
