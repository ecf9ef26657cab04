"""What a database is like."""

from collections.abc import Iterator
from dataclasses import dataclass

from rooms.doctor.findings import Observation, doubtful, good, wrong

OLDEST_POSTGRES = 14
OLDEST_SQLITE = (3, 35, 0)
# Of max_connections, so much may be in use.
MUCH_OF_CONNECTIONS = 0.8
CLOCK_DOUBTFUL_SECONDS = 2.0
CLOCK_WRONG_SECONDS = 300.0
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "glusterfs", "ceph", "afs")


@dataclass(frozen=True)
class SqliteFacts:
    version: tuple[int, int, int]
    journal_mode: str
    file_system: str


@dataclass(frozen=True)
class PostgresFacts:
    """`number` is `server_version_num`; `behind_pooler`: who answers is not who let us in."""

    number: int
    behind_pooler: bool
    pooler: str
    pool_max: int
    processes: int
    max_connections: int
    connections: int
    fsync: str


def sqlite(facts: SqliteFacts) -> Iterator[Observation]:
    said = f"SQLite {'.'.join(map(str, facts.version))}"
    if facts.version < OLDEST_SQLITE:
        yield wrong("Version", said, "3.35 or newer is needed: a newer Python, or PostgreSQL.")
    else:
        yield good("Version", said)
    if facts.journal_mode != "wal":
        yield wrong(
            "Write-ahead log",
            f"the file is in mode {facts.journal_mode!r}: web and workers hinder each other",
            "Put the file on a disk of this machine, and take journal_mode out of DATABASE_URL.",
        )
    else:
        yield good("Write-ahead log", "on")
    if facts.file_system.startswith(NETWORK_FILE_SYSTEMS):
        yield wrong(
            "File system",
            f"the file lies on {facts.file_system}, where SQLite's locks do not hold",
            "Put PARLEY_DATA_DIR on a disk of this machine, or use PostgreSQL.",
        )


def postgres(facts: PostgresFacts) -> Iterator[Observation]:
    said = f"PostgreSQL {facts.number // 10_000}.{facts.number % 10_000}"
    if facts.number // 10_000 < OLDEST_POSTGRES:
        yield wrong("Version", said, f"PostgreSQL {OLDEST_POSTGRES} or newer is needed.")
    else:
        yield good("Version", said)
    yield _pooler(facts)
    if facts.fsync != "on":
        yield wrong(
            "fsync", "off: a crash of the machine can destroy the database", "Set fsync = on."
        )
    yield _connections(facts)


def _pooler(facts: PostgresFacts) -> Observation:
    if facts.behind_pooler and not facts.pooler:
        return wrong(
            "Pooler",
            "something like PgBouncer stands between, and nobody has said so",
            "Set DATABASE_POOLER to its pool_mode: transaction or session.",
        )
    if facts.pooler and not facts.behind_pooler:
        return doubtful(
            "Pooler",
            f"DATABASE_POOLER={facts.pooler}, but PostgreSQL answers itself: it is given no"
            " time-outs",
            "Take DATABASE_POOLER away, or let DATABASE_URL lead to the pooler.",
        )
    return good("Pooler", f"PgBouncer, by {facts.pooler}" if facts.pooler else "none")


def _connections(facts: PostgresFacts) -> Observation:
    said = f"{facts.connections} of {facts.max_connections} in use"
    wanted = facts.pool_max * facts.processes
    if facts.connections > MUCH_OF_CONNECTIONS * facts.max_connections:
        return doubtful("Connections", said, "Lower DATABASE_POOL_MAX, or put PgBouncer in front.")
    if wanted > facts.max_connections and not facts.behind_pooler:
        return doubtful(
            "Connections",
            f"{said}; {facts.processes} web processes may take {wanted}",
            "Lower DATABASE_POOL_MAX or PARLEY_PROCESSES, or put PgBouncer in front.",
        )
    return good("Connections", said)


def migrations(pending: list[str], unknown: list[str]) -> Iterator[Observation]:
    """`unknown`: applied there, and not known to this version."""
    if pending:
        more = f" and {len(pending) - 3} more" if len(pending) > 3 else ""
        said = f"pending: {', '.join(pending[:3])}{more}"
        yield wrong("Migrations", said, "Run manage.py migrate.")
    if unknown:
        yield doubtful(
            "Migrations",
            f"the database is of a newer version: {', '.join(unknown[:3])}",
            "Put the newer version in place here as well.",
        )
    if not pending and not unknown:
        yield good("Migrations", "all applied")


def clock(whose: str, seconds: float) -> Observation:
    """`seconds`: how far their clock is ahead of ours."""
    said = f"{abs(seconds):.1f} seconds {'ahead of' if seconds > 0 else 'behind'} ours"
    todo = "Let chrony or systemd-timesyncd set the clocks of all machines."
    if abs(seconds) > CLOCK_WRONG_SECONDS:
        return wrong(f"Clock of {whose}", said, todo)
    if abs(seconds) > CLOCK_DOUBTFUL_SECONDS:
        return doubtful(f"Clock of {whose}", said, todo)
    return good(f"Clock of {whose}", "as ours")
