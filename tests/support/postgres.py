"""A throw-away PostgreSQL: found, started on a Unix socket in a temporary folder, removed.

Nothing in it outlives the tests, so it does not wait for the disk.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psutil
import psycopg

from .process import Guard
from .waiting import until

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "log_min_messages": "panic",
}


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: of the PATH, else the newest in a usual place."""
    folders = []
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    found = [Path(path) for pattern in PLACES for path in glob.glob(pattern)]
    folders += sorted(found, key=lambda path: [int(n) for n in _numbers(path)], reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _numbers(path: Path) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in str(path)).split()


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as somebody who owns nothing else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(
        "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody'."
    )


@contextmanager
def cluster(changed: Mapping[str, str] | None = None, letters: str = "C") -> Iterator[str]:
    """A running PostgreSQL; its URL, of the database `postgres`. `changed` are options of it,
    `letters` its LC_CTYPE."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL was not found")
    with folder_for_servers() as (folder, run_as):
        subprocess.run(
            [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "parley", "-A", "trust"]
            + ["-E", "UTF8", "--no-locale", f"--lc-ctype={letters}", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **run_as,
        )
        with _server(programs, folder, run_as, changed or {}) as url:
            yield url


@contextmanager
def standby(primary: str) -> Iterator[str]:
    """A copy of a running cluster that follows it, and can be promoted; its URL."""
    programs = find_programs()
    assert programs is not None
    with folder_for_servers() as (folder, run_as):
        subprocess.run(
            [
                str(programs / "pg_basebackup"),
                "-D",
                str(folder / "data"),
                "-h",
                str(folder_of(primary)),
            ]
            + ["-U", "parley", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"],
            check=True,
            **run_as,
        )
        with _server(programs, folder, run_as, {}) as url:
            yield url


@contextmanager
def folder_for_servers() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder for a cluster, and how its programs are run."""
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    user = _other_user()
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(folder)}
    run_as: dict[str, Any] = {"cwd": folder, "env": environment}
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        run_as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    try:
        yield folder, run_as
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(
    programs: Path, folder: Path, run_as: dict[str, Any], changed: Mapping[str, str]
) -> Iterator[str]:
    options = [part for item in {**OPTIONS, **changed}.items() for part in ("-c", "=".join(item))]
    server = subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", "-k", folder, *options],
        start_new_session=True,
        **run_as,
    )
    guard = Guard()
    guard.tell(f"+{server.pid}")
    try:
        url = f"postgres://parley@{quote(str(folder), safe='')}/postgres"
        until(lambda: server.poll() is not None or _answers(url), 60, "PostgreSQL answers")
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL did not start; it says above why.")
        yield url
    finally:
        # "Fast": ends whoever is still connected.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        guard.tell(f"-{server.pid}")
        guard.close()


# Faults -------------------------------------------------------------------------------------------


def folder_of(url: str) -> Path:
    """Where the cluster behind `url` has its data and its socket."""
    return Path(unquote(urlsplit(url).netloc.rpartition("@")[2]))


def processes(url: str) -> list[psutil.Process]:
    """The server, and all that it has started."""
    lines = (folder_of(url) / "data" / "postmaster.pid").read_text().splitlines()
    first = psutil.Process(int(lines[0]))
    return [first, *first.children(recursive=True)]


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """The server stands still, as on a host that hangs: what is said to it is taken in by the
    system, and nobody answers."""
    stopped: list[psutil.Process] = []
    try:
        # The first one starts no other while it is stopped.
        for process in processes(url):
            process.suspend()
            stopped.append(process)
        yield
    finally:
        for process in reversed(stopped):
            with suppress(psutil.NoSuchProcess):
                process.resume()


def kill(url: str) -> None:
    for process in processes(url):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# Databases in a cluster ---------------------------------------------------------------------------


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def create(url: str, name: str, template: str | None = None) -> str:
    """A new database in the cluster behind `url`; the new one's URL."""
    execute(url, f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    head, _, _ = url.rpartition("/")
    return f"{head}/{name}"


def drop(url: str, name: str) -> None:
    execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
