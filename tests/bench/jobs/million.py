"""The same once more with a long history: a million jobs that have ended, written by SQL as they
would lie there after months. Nothing of what a site does all day may get slower by them.

It takes minutes a database, so it is asked for (`--million`).
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from statistics import median
from typing import Any

import httpx
import psycopg

from tests.bench.options import Options
from tests.bench.report import Table, Target

from . import answering, rounds
from .parley import Parley
from .part import Part

ROWS, ROWS_QUICK = 1_000_000, 20_000
ROWS_PER_STATEMENT = 100_000
SLOWER = 1.2
LIST_MS, OVERVIEW_MS = 50.0, 200.0
LOOKS = 9
# Some 80 days, the last of them an hour ago.
FIRST_SECONDS, LAST_SECONDS = 80 * 86_400, 3_600

# A job that has ended, of which the others are copies.
PATTERN = (
    "from django.utils import timezone\n"
    "from jobs.models import Job\n"
    "user = User.objects.get(username='bench')\n"
    "room = Room.objects.get(slug='bench')\n"
    "job = Job.objects.create(kind='room.report', title='Report', state='succeeded',\n"
    "    queue='default', requested_by=user, params={'days': 7}, attempt=1, max_attempts=3,\n"
    "    result={'summary': '1,200 messages by 30 people in 7 days.'},\n"
    "    created_at=timezone.now(), started_at=timezone.now(), finished_at=timezone.now())\n"
    "names = [field.column for field in Job._meta.concrete_fields]\n"
    "result = [str(job.pk), user.pk, room.pk, names]\n"
)
# What differs from the pattern, by `n`, the number of a row, and `at`, when it came to be.
STATE = "CASE WHEN n % 50 = 0 THEN 'cancelled' WHEN n % 12 = 0 THEN 'failed' ELSE 'succeeded' END"
KIND = (
    "CASE n % 4 WHEN 0 THEN 'room.export' WHEN 1 THEN 'room.digest' WHEN 2 THEN 'room.reminder'"
    " ELSE 'room.report' END"
)
# Half of a person's own, half of a room, a quarter both.
DIFFERS = {
    "kind": KIND,
    "state": STATE,
    "requested_by_id": "CASE WHEN n % 2 = 0 THEN {user} END",
    "room_id": "CASE WHEN n % 4 < 2 THEN {room} END",
}
TIMES = {"created_at": 0, "queued_at": 0, "rung_at": 0, "started_at": 1, "finished_at": 4}
DIALECTS = {
    "SQLite": {
        "id": "lower(hex(randomblob(16)))",
        "at": "strftime('%Y-%m-%d %H:%M:%f000', 'now', (-(n * {step} + {last}) + {after})"
        " || ' seconds')",
        "numbers": "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1"
        " FROM numbers WHERE n + 1 < {end})",
        "from": "numbers",
        "settle": "PRAGMA wal_checkpoint(TRUNCATE)",
    },
    "PostgreSQL": {
        "id": "gen_random_uuid()",
        "at": "now() - make_interval(secs => n * {step} + {last} - {after})",
        "numbers": "",
        "from": "generate_series({first}, {end} - 1) AS numbers(n)",
        "settle": "VACUUM; CHECKPOINT",
    },
}
KINDS = ("room.export", "room.digest", "room.reminder", "room.report")
ATTEMPTS = (
    "INSERT INTO jobs_attempt (job_id, number, worker, started_at, ended_at, outcome, error_class,"
    " message, traceback, log) SELECT id, 1, 'celery@bench', started_at, finished_at, state,"
    f" '', '', '', '' FROM jobs_job WHERE kind IN {KINDS}"
)


def measure(options: Options, sides: Sequence[Parley], runs: Any, answers: Any) -> Part:
    """`runs` and `answers` are what `rounds` and `answering` have found before, by sides."""
    rows = ROWS_QUICK if options.quick else ROWS
    slower: list[list[Any]] = []
    pages: list[list[Any]] = []
    targets: list[Target] = []
    raw: dict[str, Any] = {}
    for side in sides:
        before = {**rounds.medians(runs[side.title]), "p50_ms": answers[side.title]["p50_ms"]}
        began = time.monotonic()
        fill(side, rows)
        seconds = time.monotonic() - began
        again: rounds.Runs = {}
        for _ in range(options.repeat):
            rounds.one_round(side, rounds.jobs(options), again)
        after = {**rounds.medians(again), **answering.answered(side, answering.times(options))}
        looked = looks(side)
        raw[side.title] = {"seconds": seconds, "again": again, "looks": looked}
        for key, what in NAMES.items():
            slower.append([side.title, what, before[key], after[key]])
            ratio = after[key] / before[key] if key == "p50_ms" else before[key] / after[key]
            targets.append(
                Target(
                    f"{side.database}: {what}, with {rows:,} ended jobs to without",
                    f"≤ {SLOWER:g} × as slow",
                    f"{ratio:.2f} ×",
                    ratio <= SLOWER,
                )
            )
        for what, each in looked.items():
            most = OVERVIEW_MS if what in OVERVIEWS else LIST_MS
            pages.append([side.title, what, each])
            targets.append(
                Target(
                    f"{side.database}: {what}, with {rows:,} ended jobs",
                    f"≤ {most:g} ms",
                    f"{each:.1f} ms",
                    each <= most,
                )
            )
    return Part(
        f"Then {rows:,} jobs that have ended are written into Parley's database, of {len(KINDS)} "
        "kinds, over 80 days, each with an attempt, and the measures are repeated.",
        [
            Table(["", "", "before", "after"], slower, "With a long history"),
            Table(["", "page", "ms"], pages, f"Pages, the median of {LOOKS}"),
        ],
        targets,
        raw,
    )


NAMES = {
    "batch": "submissions/s in batches",
    "clients": "submissions/s, one each",
    "prefork": "jobs/s, 2 processes",
    "threads": "jobs/s, 64 threads",
    "p50_ms": "ms until the end is seen, p50",
}


# The rows -----------------------------------------------------------------------------------------


def fill(side: Parley, rows: int) -> None:
    side.settle(answering.ROOM)
    pattern, user, room, columns = side.site.ask(PATTERN)
    if side.database == "SQLite":
        pattern = pattern.replace("-", "")
    with database(side) as execute:
        for first in range(0, rows, ROWS_PER_STATEMENT):
            end = min(rows, first + ROWS_PER_STATEMENT)
            execute(statement(side.database, columns, first, end, rows, user, room, pattern))
        execute(ATTEMPTS)
        execute("ANALYZE")
        # Months would have done it; else what is measured is how the rows are written out.
        for each in DIALECTS[side.database]["settle"].split("; "):
            execute(each)


def statement(
    name: str, columns: list[str], first: int, end: int, rows: int, user: int, room: int, like: str
) -> str:
    dialect = DIALECTS[name]
    step = (FIRST_SECONDS - LAST_SECONDS) / rows
    values = {"id": dialect["id"]}
    values |= {column: text.format(user=user, room=room) for column, text in DIFFERS.items()}
    for column, after in TIMES.items():
        values[column] = dialect["at"].format(step=step, last=LAST_SECONDS, after=after)
    shown = ", ".join(values.get(column, f"pattern.{column}") for column in columns)
    return (
        f"{dialect['numbers'].format(first=first, end=end)} "
        f"INSERT INTO jobs_job ({', '.join(columns)}) SELECT {shown} "
        f"FROM {dialect['from'].format(first=first, end=end)}, jobs_job AS pattern "
        f"WHERE pattern.id = '{like}'"
    )


@contextmanager
def database(side: Parley) -> Iterator[Any]:
    """Executes in a transaction each."""
    if side.database == "PostgreSQL":
        with psycopg.connect(side.site.env["DATABASE_URL"], autocommit=True) as connection:
            yield connection.execute
        return
    file = side.site.folder / "db.sqlite3"
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as there:
        yield there.execute


# The pages ----------------------------------------------------------------------------------------

OVERVIEWS = ("the overview in the admin", "GET /status")
PAGES = {
    "GET /jobs, a person's": ("bench", "/api/v1/jobs"),
    "GET /jobs, failed ones": ("bench", "/api/v1/jobs?state=failed"),
    "GET /jobs, of a kind": ("bench", "/api/v1/jobs?kind=room.report"),
    "GET /jobs, of a room": ("bench", f"/api/v1/jobs?room={answering.ROOM}"),
    "GET /jobs, all, for staff": ("boss", "/api/v1/jobs"),
    "GET /jobs, failed ones of a kind, for staff": (
        "boss",
        "/api/v1/jobs?state=failed&kind=room.export",
    ),
    "the list in the admin": ("boss", "/admin/jobs/job/"),
    "the list in the admin, failed ones": ("boss", "/admin/jobs/job/?state__exact=failed"),
    "the overview in the admin": ("boss", "/admin/"),
    "GET /status": ("boss", "/api/v1/status"),
}


def looks(side: Parley) -> dict[str, float]:
    """Milliseconds of each page, in the median."""
    found = {}
    people = {"bench": side.person, "boss": side.site.user("boss", staff=True)}
    with httpx.Client(base_url=side.site.url, timeout=60, trust_env=False) as client:
        for what, (name, path) in PAGES.items():
            person = people[name]
            headers = person.bearer if path.startswith("/api") else person.cookie
            took = []
            for _ in range(LOOKS + 1):
                began = time.perf_counter()
                answer = client.get(path, headers=headers)
                took.append((time.perf_counter() - began) * 1e3)
                answer.raise_for_status()
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
            found[what] = median(took[1:])
    return found
