"""Parley with a room full of people, for every section that measures it.

with ours.running(500) as parley:
    parley.site, parley.port, parley.pids, parley.tokens   # a file, a token a line
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import environment, postgres
from tests.support import site as sites
from tests.support.site import Site

from . import layout

# So many members in turn stay far below what one connection may ask for, however fast we are.
ENOUGH_FOR_LIMITS = 400


@dataclass(frozen=True)
class Parley:
    site: Site
    port: int
    pids: list[int]
    tokens: Path


@contextmanager
def running(
    members: int, env: Mapping[str, str] | None = None, parts: tuple[str, ...] = ("web",)
) -> Iterator[Parley]:
    """Redis and `parts` on the server's core; `members` people in the room `lobby`."""
    few = {} if members >= ENOUGH_FOR_LIMITS else unlimited()
    with layout.on(layout.SERVER), Site(env={**few, **(env or {})}, parts=parts) as site:
        tokens = site.folder / "tokens"
        tokens.write_text("\n".join(make_members(site, members)))
        pids = [site.redis.pid, *(site.processes[name].pid for name in parts)]
        pids += [int(pid) for pid in site.ask(POSTMASTER)] if environment.database_url() else []
        yield Parley(site, site.port, pids, tokens)


def unlimited() -> dict[str, str]:
    """Few members have to talk faster than people do, to make the same load."""
    return {
        "PARLEY_COMMANDS_PER_SECOND": "100000",
        "PARLEY_COMMANDS_BURST": "100000",
        "PARLEY_REQUESTS_PER_SECOND": "100000",
        "PARLEY_REQUESTS_BURST": "100000",
    }


def make_members(site: Site, count: int, room: str = "lobby") -> list[str]:
    """Their tokens."""
    made: list[str] = site.ask(
        "from rooms.core.log import writing_in_transaction\n"
        "from django.db import transaction\n"
        f"names = [f'member{{n}}' for n in range({count})]\n"
        "User.objects.bulk_create([User(username=name) for name in names])\n"
        "users = list(User.objects.filter(username__in=names))\n"
        f"room = actions.create_room(users[0], {room!r}, {room.title()!r})\n"
        "with transaction.atomic(), writing_in_transaction([room.pk]) as logs:\n"
        "    for user in users[1:]:\n"
        "        actions.add_member_in_transaction(logs, logs.rooms[room.pk], user)\n"
        "from rooms.features.tokens.actions import create_token\n"
        "result = [create_token(user, 'bench') for user in users]\n"
    )
    return made


# The parent of the process that serves this connection is the one that all others are below.
POSTMASTER = (
    "import psutil\n"
    "from django.db import connection\n"
    "with connection.cursor() as cursor:\n"
    "    cursor.execute('SELECT pg_backend_pid()')\n"
    "    result = [psutil.Process(cursor.fetchone()[0]).ppid()]\n"
)


@contextmanager
def on_postgres(cores: set[int] = layout.SERVER, letters: str = "C") -> Iterator[None]:
    """Sites started in here have a PostgreSQL that waits for its disk as in production; `letters`
    is its LC_CTYPE."""
    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    with layout.on(cores), postgres.cluster(durable, letters) as url:
        before = os.environ.get("TEST_DATABASE_URL")
        os.environ["TEST_DATABASE_URL"] = url
        try:
            yield
        finally:
            sites.drop_templates()
            if before is None:
                del os.environ["TEST_DATABASE_URL"]
            else:
                os.environ["TEST_DATABASE_URL"] = before
