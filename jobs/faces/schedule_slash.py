"""`/schedule …`: recurring jobs from within a room. Registered by the slice."""

from typing import Any
from uuid import UUID

from jobs.models import Schedule
from jobs.scheduling import actions, times
from jobs.scheduling.actions import NewSchedule
from jobs.scheduling.times import FIELDS
from rooms.core.lookup import find_room
from rooms.core.slash import SlashCommand
from rooms.models import User
from rooms.protocol import Invalid
from rooms.protocol.answers import PrivateWords
from rooms.protocol.scopes import Scope

from . import slash
from .moments import moment

USAGE = '/schedule "0 9 * * mon-fri" KIND name=value …'
HELP = (
    f"{USAGE}, or every 1h KIND …; before KIND may stand zone=Europe/Zurich, title=…,"
    " catch_up=skip, once or all. Then: list; pause, resume, run or delete NUMBER."
)
OPTIONS = {"zone": "time_zone", "title": "title", "catch_up": "catch_up"}
# More than fit into what a person is told.
LISTED = 50


def parse(arguments: str) -> NewSchedule:
    """What is to come again, as it was typed; the kind and its params are not looked at."""
    words = slash.split(arguments, USAGE)
    when: dict[str, Any]
    if not words:
        raise Invalid(f"When? Usage: {HELP}")
    if words[0].lower() == "every":
        if len(words) < 2:
            raise Invalid(f"Every what? Usage: {HELP}")
        when, rest = {"every": times.interval(words[1])}, words[2:]
    elif len(words[0].split()) > 1:
        when, rest = {"cron": words[0]}, words[1:]
    else:
        # Its five fields without quotation marks.
        when, rest = {"cron": " ".join(words[:FIELDS])}, words[FIELDS:]
    at = next((at for at, word in enumerate(rest) if "=" not in word), len(rest))
    if at == len(rest):
        raise Invalid(f"Which job? Usage: {HELP} {slash.kinds()}")
    given = slash.named(rest[:at], USAGE)
    unknown = sorted(set(given) - set(OPTIONS))
    if unknown:
        raise Invalid(f"{unknown[0][:80]!r} stands before the kind. Usage: {HELP}")
    options: dict[str, Any] = {OPTIONS[name]: str(value) for name, value in given.items()}
    params = slash.named(rest[at + 1 :], USAGE)
    return NewSchedule(kind=rest[at], params=params, **when, **options)


def schedule(user: User, room: str, arguments: str, client_id: UUID) -> dict[str, Any]:
    verb, _, number = arguments.partition(" ")
    verb = verb.lower()
    if verb == "list":
        return told(listed(user, room))
    if verb == "run":
        job = actions.run_now(user, _number(user, room, number), str(client_id))
        return told(f"{job.title} is queued. The schedule goes on as before.")
    if verb in VERBS:
        return told(VERBS[verb](user, _number(user, room, number)))
    wanted = parse(arguments)
    row = actions.make(user, _in_room(wanted, room, str(client_id)))
    return told(f"{named(row)}. {comes(row)}")


def _in_room(wanted: NewSchedule, room: str, key: str) -> NewSchedule:
    return NewSchedule(**{**vars(wanted), "room": room, "key": key})


def _number(user: User, room: str, text: str) -> int:
    """Of a schedule in this room. Raises Refusal."""
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise Invalid("Say the number of the schedule: /schedule list has it.")
    row, _ = actions.find(user, int(digits))
    if row.room is None or row.room.slug != room:
        raise Invalid(f"Schedule {digits} is not one of this room.")
    return row.pk


def _pause(user: User, number: int) -> str:
    return f"{named(actions.pause(user, number))} is paused."


def _resume(user: User, number: int) -> str:
    row = actions.resume(user, number)
    return f"{named(row)} goes on. {comes(row)}"


def _delete(user: User, number: int) -> str:
    actions.delete(user, number)
    return f"Schedule {number} is deleted. The jobs that came of it stay."


VERBS = {"pause": _pause, "resume": _resume, "delete": _delete}


def listed(user: User, slug: str) -> str:
    room, _ = find_room(user, slug)
    rows = list(Schedule.objects.with_relations().filter(room=room)[: LISTED + 1])
    if not rows:
        return f"This room has no schedules. {HELP}"
    lines = [f"{named(row)}: {times.words(times.of(row))}. {comes(row)}" for row in rows[:LISTED]]
    return "\n".join([*lines, *(["… and more: see the room's details."] if rows[LISTED:] else [])])


def named(row: Schedule) -> str:
    return f"{row.pk} {row.title}"


def comes(row: Schedule) -> str:
    if row.next_run_at is None:
        return row.pause_reason
    return f"Next {moment(row.next_run_at, row.time_zone)}."


def told(words: str) -> dict[str, Any]:
    return {"type": "words", "words": words}


SCHEDULE = SlashCommand(
    "schedule",
    USAGE,
    "Have a job done again and again; or list, pause, resume, run, delete.",
    schedule,
    PrivateWords,
    Scope.JOBS,
)
