"""Everything that is measured side by side: one room, a text to all its members."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.support import postgres

from . import ours
from .options import Options


@dataclass(frozen=True)
class Running:
    """A server that takes connections. `pids` are all its processes, the parts it leans on
    (Redis, a database) included; `tokens` a file with one for each member, where it wants them."""

    port: int
    pids: list[int]
    tokens: Path | None = None


def nothing() -> str:
    return ""


@dataclass(frozen=True)
class Contender:
    """`missing` says what this machine lacks for it, or nothing; `version` what is measured."""

    name: str
    title: str
    wire: str
    start: Callable[[Options], AbstractContextManager[Running]]
    version: Callable[[], str] = nothing
    missing: Callable[[], str] = nothing


def versions(*packages: str) -> str:
    found = []
    for package in packages:
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


@contextmanager
def start_ours(options: Options) -> Iterator[Running]:
    with ours.running(options.members) as parley:
        yield Running(parley.port, parley.pids, parley.tokens)


@contextmanager
def start_ours_on_postgres(options: Options) -> Iterator[Running]:
    with ours.on_postgres(), start_ours(options) as running:
        yield running


def version_on_sqlite() -> str:
    return f"{versions(*STACK)}, SQLite {sqlite3.sqlite_version}"


def version_on_postgres() -> str:
    program = [str((postgres.find_programs() or Path()) / "postgres"), "--version"]
    said = subprocess.run(program, capture_output=True, text=True).stdout
    # "postgres (PostgreSQL) 17.2 (Debian …)"
    return f"{versions(*STACK)}, PostgreSQL {said.partition(') ')[2].split(' ')[0].strip()}"


STACK = ("django", "channels", "channels-redis", "daphne")
OURS = Contender("parley", "Parley, SQLite", "ours", start_ours, version_on_sqlite)
OURS_ON_POSTGRES = Contender(
    "parley-postgres", "Parley, PostgreSQL", "ours", start_ours_on_postgres, version_on_postgres
)


def chosen(options: Options) -> list[Contender]:
    """Ours first. The peers lean on this module for what a contender is."""
    from .peers.servers import PEERS

    mine = [OURS, *([OURS_ON_POSTGRES] if options.postgres else [])]
    named = options.peers
    return mine + [each for each in PEERS if named is None or each.name in named]
