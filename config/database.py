"""The database of `DATABASE_URL`, with what keeps a process going when it is slow, silent or away.

SQLite gets what lets a web process and workers write one file: the write-ahead log, and
transactions that take the write lock at their start instead of failing at their first write.
PostgreSQL gets a connection pool, because a thread of an ASGI request lives for one request, and an
end to every wait: on the server by its own time-outs, and here by `rooms.database.deadlines`, for a
server that does not answer at all.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from rooms.database.deadlines import bounded

from .env import Environment

POSTGRES_SCHEMES = ("postgres", "postgresql", "pgsql")
FORM = (
    "postgres://user:password@host:5432/name?option=value, with several hosts separated by commas."
    " Characters like @ : / ? # of a user or a password are written as %40 %3A %2F %3F %23"
)
# Once the server has ended a statement by its time-out it still has to say so.
SERVER_ANSWER_SECONDS = 1.0
# How long the pool retries by itself. A later caller starts it anew, so that nobody waits for the
# end of a long pause after a long absence.
RECONNECT_SECONDS = 5.0

# Options that Django or others know, and what is said here instead.
ELSEWHERE = {
    "pool": "DATABASE_POOL_MAX",
    "conn_max_age": "DATABASE_POOL_LIFETIME",
    "conn_health_checks": "",
    "disable_server_side_cursors": "DATABASE_POOLER=transaction",
    "prepare_threshold": "DATABASE_POOLER=transaction",
    "pgbouncer": "DATABASE_POOLER=transaction",
}
# A connection that leads nowhere is noticed by the system, where the other side's does not answer.
CONNECTION = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
SQLITE_OPTIONS = {"timeout", "transaction_mode", "init_command", "cached_statements"}
SQLITE_INIT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"


def database(environment: Environment, directory: Path) -> dict[str, Any]:
    """Django's settings of it. Raises ImproperlyConfigured, which never repeats the address: there
    may be a password in it."""
    url = environment.database_url or f"sqlite:///{directory}/db.sqlite3"
    scheme = url.partition(":")[0].lower()
    if scheme in POSTGRES_SCHEMES:
        return _postgres(f"postgresql{url[len(scheme) :]}", environment)
    if scheme == "sqlite":
        return _sqlite(url, environment, directory)
    raise _unusable("it must be a sqlite:// or a postgres:// address")


def _unusable(why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"DATABASE_URL is not usable: {why}")


# SQLite -------------------------------------------------------------------------------------------


def _sqlite(url: str, environment: Environment, directory: Path) -> dict[str, Any]:
    parts = urlsplit(url)
    name = unquote(parts.path[1:])
    if parts.netloc or not name or name == ":memory:":
        raise _unusable("it must name a file: sqlite:////absolute/path or sqlite:///relative")
    given = dict(parse_qsl(parts.query))
    _require_known(set(given), SQLITE_OPTIONS)
    options: dict[str, Any] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": environment.lock_seconds,
        "init_command": SQLITE_INIT,
    }
    for option, value in given.items():
        options[option] = int(value) if value.isdigit() else value
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": options,
        # Threads of one process must see one database in tests, too: never `:memory:`.
        "TEST": {"NAME": str(directory / "test.sqlite3")},
    }


# PostgreSQL ---------------------------------------------------------------------------------------


def _postgres(url: str, environment: Environment) -> dict[str, Any]:
    given = _parsed(url)
    name = str(given.pop("dbname", ""))
    if not name and "service" not in given:
        raise _unusable("it names no database: postgres://host/name")
    config = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": given.pop("port", ""),
    }
    options = {**CONNECTION, **given}
    if "," in config["HOST"] or "," in given.get("hostaddr", ""):
        # Of a primary and its standbys, the one that can be written.
        options.setdefault("target_session_attrs", "read-write")
    wait = environment.statement_seconds + SERVER_ANSWER_SECONDS
    if not environment.database_pooler:
        options["options"] = f"{_timeouts(environment)} {given.get('options', '')}".strip()
    # A pooler refuses what a server is told at the start; the wait on this side stays.
    if environment.database_pooler == "transaction":
        # The server's connection changes hands after each transaction: nothing may be kept in it.
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
        options["prepare_threshold"] = None
    options["pool"] = {
        "min_size": 1,
        "max_size": environment.database_pool_max,
        "timeout": environment.database_pool_timeout,
        "max_lifetime": environment.database_pool_lifetime,
        "reconnect_timeout": RECONNECT_SECONDS,
        "connection_class": bounded(wait),
    }
    return {**config, "OPTIONS": options}


def _timeouts(environment: Environment) -> str:
    seconds = {
        "statement_timeout": environment.statement_seconds,
        "lock_timeout": environment.lock_seconds,
        "idle_in_transaction_session_timeout": environment.idle_seconds,
    }
    return " ".join(f"-c {name}={round(value * 1000)}" for name, value in seconds.items())


def _parsed(url: str) -> dict[str, Any]:
    """As libpq itself takes the address apart, hosts and all."""
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    schema = query.get("currentSchema")
    known = {each.keyword.decode() for each in psycopg.pq.Conninfo.get_defaults()}
    _require_known(set(query), known | {"currentSchema", "ssl"})
    if schema is not None:
        # A name for `search_path` that libpq does not know.
        rest = urlencode({name: value for name, value in query.items() if name != "currentSchema"})
        url = f"{url.partition('?')[0]}?{rest}"
    try:
        found = dict(conninfo_to_dict(url))
    except psycopg.Error:
        raise _unusable(f"it cannot be read. Its form is {FORM}") from None
    if schema is not None:
        found["options"] = f"-c search_path={schema} {found.get('options', '')}".strip()
    ports = str(found.get("port", "")).split(",")
    if not all(not port or (port.isdigit() and 0 < int(port) < 65536) for port in ports):
        raise _unusable(f"a port is not a number. Its form is {FORM}")
    return found


def _require_known(options: set[str], known: set[str]) -> None:
    unknown = sorted(options - known)
    if not unknown:
        return
    hints = [f"{each}: {ELSEWHERE[each]}" for each in unknown if ELSEWHERE.get(each)]
    instead = f" (say it with {'; '.join(hints)})" if hints else ""
    raise _unusable(f"there are no such options as {', '.join(unknown)}{instead}")
