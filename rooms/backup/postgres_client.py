"""The programs of PostgreSQL's client: pg_dump, pg_restore and psql, of one version that is not
older than the server. Secrets go by the environment: a command line is for everybody to see."""

import glob
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from rooms.core.redaction import without_password

from .manifest import UnusableArchive

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/opt/homebrew/opt/libpq/bin",
)
PROGRAMS = ("pg_dump", "pg_restore", "psql")
# Of the pool and of this side; and time-outs, which are not for what takes long.
NOT_FOR_LIBPQ = ("pool", "prepare_threshold", "options", "password")
MOST_CHARACTERS = 500


def folders() -> list[Path]:
    found = [Path(path) for pattern in PLACES for path in glob.glob(pattern)]
    if first := shutil.which("pg_dump"):
        found.insert(0, Path(first).parent)
    return [each for each in found if all((each / name).exists() for name in PROGRAMS)]


def major(folder: Path) -> int:
    """Of what is there; 0: it does not say."""
    command = [str(folder / "pg_dump"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True).stdout.split()
    numbers = [word.partition(".")[0] for word in said]
    return next((int(each) for each in numbers if each.isdigit()), 0)


class PostgresClient:
    """For the database of Django's `settings`. Raises UnusableArchive when there is none that is
    new enough for the server and for what made the archive."""

    def __init__(self, settings: Mapping[str, Any], server: int, maker: int = 0) -> None:
        there = [(each, major(each)) for each in folders()]
        if not there:
            raise UnusableArchive(
                "pg_dump, pg_restore and psql are needed and were not found; install PostgreSQL's"
                f" client (Debian: postgresql-client-{server})"
            )
        wanted = max(server, maker)
        fitting = [found for found in there if found[1] >= wanted]
        if not fitting:
            newest = max(number for _, number in there)
            whose = "the server" if server >= maker else "what made the archive"
            raise UnusableArchive(
                f"pg_dump {newest} is older than {whose} ({wanted}); install PostgreSQL's client"
                f" of version {wanted} or newer"
            )
        self._folder, self.major = fitting[0]
        options = {
            name: value for name, value in settings["OPTIONS"].items() if name not in NOT_FOR_LIBPQ
        }
        names = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
        options |= {ours: settings[name] for ours, name in names.items() if settings[name]}
        self._address = make_conninfo("", **options)
        password = settings.get("PASSWORD")
        self._environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}

    def dump(self, path: Path, snapshot: str) -> None:
        """All that is in the snapshot. Uncompressed: the archive is."""
        options = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
        options += ["--no-comments", f"--snapshot={snapshot}", f"--file={path}"]
        self._run("pg_dump", [*options, f"--dbname={self._address}"])

    def script(self, dump: Path, path: Path) -> None:
        """What `dump` holds, as statements."""
        options = ["--no-owner", "--no-privileges", "--no-comments", f"--file={path}"]
        self._run("pg_restore", [*options, str(dump)])

    def execute(self, scripts: Sequence[Path]) -> None:
        """All or nothing."""
        options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        options += [f"--file={path}" for path in scripts]
        self._run("psql", [*options, f"--dbname={self._address}", "--output=/dev/null"])

    def _run(self, program: str, arguments: list[str]) -> None:
        done = subprocess.run(
            [self._folder / program, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            said = " ".join(without_password(done.stderr).split())[:MOST_CHARACTERS]
            raise UnusableArchive(f"{program} ended with {done.returncode}: {said}")
