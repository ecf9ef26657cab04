"""What the doctor says of which facts."""

import sys
from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.core.checks import Error, Warning

from rooms.doctor.findings import Level, Observation
from rooms.doctor.probes.database import file_system
from rooms.doctor.verdicts import database, disks, program, redis_server

GOOD, DOUBTFUL, WRONG = Level


def levels(found: Iterable[Observation]) -> dict[str, Level]:
    """The worst of each thing; whatever is not good says what to do."""
    findings = list(found)
    assert all(each.todo for each in findings if each.level is not GOOD)
    return {each.about: each.level for each in sorted(findings, key=lambda each: each.level)}


def bad(found: Iterable[Observation]) -> dict[str, Level]:
    return {name: level for name, level in levels(found).items() if level is not GOOD}


# Program ------------------------------------------------------------------------------------------


def test_python() -> None:
    assert program.python((3, 12, 1), (3, 11)).level is GOOD
    assert program.python((3, 10, 9), (3, 11)).level is WRONG


def test_a_lock_is_read_for_this_machine() -> None:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    text = (
        "# made by\n--index-url x\n"
        "amqp==5.4.2 \\\n    --hash=sha256:00 \\\n    # via kombu\n"
        f"here==1 ; python_version == '{here}' \\\n    --hash=sha256:00\n"
        "elsewhere==1 ; python_version < '3.0' \\\n    --hash=sha256:00\n"
        "psycopg[binary,pool]==3.3 \\\nnot a ( requirement\n"
    )
    assert dict(program.locked(text)) == {"amqp": "5.4.2", "here": "1", "psycopg": "3.3"}


def test_packages() -> None:
    wanted = {"a": "1", "b": "2"}
    assert bad(program.packages(wanted, {"a": "1", "b": "2"})) == {}
    assert bad(program.packages(wanted, {"a": "1", "b": "3"})) == {"Packages": DOUBTFUL}
    assert bad(program.packages(wanted, {"a": None, "b": "3"})) == {"Packages": WRONG}


def test_system_checks() -> None:
    messages = [
        Warning("No HSTS.", id="security.W004"),
        Error("No Redis.", hint="Start it.", id="rooms.E001"),
        Warning("Silenced.", id="security.W021"),
    ]
    assert bad(program.system_checks(messages, False)) == {
        "security.W004": DOUBTFUL,
        "rooms.E001": WRONG,
    }
    assert bad(program.system_checks(messages, True)) == {"rooms.E001": WRONG}
    assert levels(program.system_checks([], False)) == {"System checks": GOOD}


def test_the_machine() -> None:
    assert program.open_files(None, 100).level is GOOD
    assert program.open_files(100, 100).level is GOOD
    assert program.open_files(99, 100).level is DOUBTFUL
    assert program.user(0).level is DOUBTFUL
    assert program.user(1000).level is GOOD


# Database -----------------------------------------------------------------------------------------

SQLITE = database.SqliteFacts((3, 40, 1), "wal", "ext4")
POSTGRES = database.PostgresFacts(150_004, False, "", 16, 2, 100, 10, "on")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {}),
        ({"version": (3, 34, 9)}, {"Version": WRONG}),
        ({"journal_mode": "delete"}, {"Write-ahead log": WRONG}),
        ({"file_system": "nfs4"}, {"File system": WRONG}),
    ],
)
def test_sqlite(changed: dict[str, object], expected: dict[str, Level]) -> None:
    assert bad(database.sqlite(replace(SQLITE, **changed))) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {}),
        ({"number": 130_011}, {"Version": WRONG}),
        ({"behind_pooler": True}, {"Pooler": WRONG}),
        ({"behind_pooler": True, "pooler": "transaction", "processes": 9}, {}),
        ({"pooler": "session"}, {"Pooler": DOUBTFUL}),
        ({"fsync": "off"}, {"fsync": WRONG}),
        ({"connections": 81}, {"Connections": DOUBTFUL}),
        ({"processes": 7}, {"Connections": DOUBTFUL}),
    ],
)
def test_postgres(changed: dict[str, object], expected: dict[str, Level]) -> None:
    assert bad(database.postgres(replace(POSTGRES, **changed))) == expected  # type: ignore[arg-type]


def test_migrations() -> None:
    assert bad(database.migrations([], [])) == {}
    assert bad(database.migrations(["rooms.0002_x"], [])) == {"Migrations": WRONG}
    assert bad(database.migrations([], ["rooms.0099_x"])) == {"Migrations": DOUBTFUL}


@pytest.mark.parametrize(
    ("seconds", "level"), [(0.5, GOOD), (-3, DOUBTFUL), (3, DOUBTFUL), (-400, WRONG)]
)
def test_clocks(seconds: float, level: Level) -> None:
    assert database.clock("Redis", seconds).level is level


def test_the_file_system_of_a_path() -> None:
    mounts = (
        "/dev/sda / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\nodd\n"
        "/dev/sdb /srv/a\\040b xfs rw 0 0\n"
    )
    assert file_system("/srv/parley/db.sqlite3", mounts) == "nfs4"
    assert file_system("/srv/a b/db.sqlite3", mounts) == "xfs"
    assert file_system("/srvx/db.sqlite3", mounts) == "ext4"
    assert file_system("/x", "") == ""


# Redis --------------------------------------------------------------------------------------------

INFO = {"redis_version": "7.2.4", "redis_mode": "standalone", "role": "master"}


@pytest.mark.parametrize(
    ("changed", "policy", "expected"),
    [
        ({}, "noeviction", {}),
        ({"redis_version": "7.2.4", "valkey_version": "8.0.1"}, "noeviction", {}),
        ({"redis_version": "6.0.16"}, "noeviction", {"Version": WRONG}),
        ({"redis_mode": "cluster"}, "noeviction", {"Mode": WRONG}),
        ({"role": "slave"}, "noeviction", {"Role": WRONG}),
        ({"loading": 1}, "noeviction", {"State": DOUBTFUL}),
        ({}, None, {"Eviction": DOUBTFUL}),
        ({}, "allkeys-lru", {"Eviction": DOUBTFUL}),
        ({"maxmemory": 10**9}, "allkeys-lru", {"Eviction": WRONG}),
        ({"maxmemory": 100, "used_memory": 95}, "noeviction", {"Memory": DOUBTFUL}),
        ({"rdb_last_bgsave_status": "err"}, "noeviction", {"Persistence": WRONG}),
        ({"aof_enabled": 1, "aof_last_write_status": "ok"}, "noeviction", {}),
    ],
)
def test_redis(changed: dict[str, object], policy: str, expected: dict[str, Level]) -> None:
    assert bad(redis_server.server({**INFO, **changed}, policy)) == expected


def test_web_processes() -> None:
    assert redis_server.announced("a", {"a"}).level is GOOD
    assert redis_server.announced("a", set()).level is DOUBTFUL
    assert redis_server.announced("a", {"a", "b"}).level is WRONG


# Disks and mail -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (disks.SpaceLeft(100 * 2**30, 200 * 2**30, None), GOOD),
        (disks.SpaceLeft(100 * 2**30, 200 * 2**30, 9_999), DOUBTFUL),
        (disks.SpaceLeft(2**30 - 1, 10 * 2**30, 10**6), DOUBTFUL),
        (disks.SpaceLeft(4 * 2**30, 100 * 2**30, 10**6), DOUBTFUL),
        (disks.SpaceLeft(99 * 2**20, 10 * 2**30, 10**6), WRONG),
    ],
)
def test_space(left: disks.SpaceLeft, level: Level) -> None:
    assert disks.space("Disk", left).level is level


def test_folders() -> None:
    assert disks.writable("Files", "/x", None).level is GOOD
    assert disks.writable("Files", "/x", "Read-only file system").level is WRONG
    assert disks.static("/x", True, None).level is GOOD
    assert disks.static("/x", False, None).level is GOOD
    assert disks.static("/x", False, "Permission denied").level is WRONG


@pytest.mark.parametrize(
    ("sends", "sender", "here", "error", "level"),
    [
        (False, "", True, None, GOOD),
        (False, "", False, None, DOUBTFUL),
        (True, "parley@localhost", False, None, DOUBTFUL),
        (True, "Parley <parley@example.org>", False, None, GOOD),
        (True, "parley@example.org", False, "refused", WRONG),
    ],
)
def test_mail(sends: bool, sender: str, here: bool, error: str | None, level: Level) -> None:
    assert disks.mail(sends, sender, here, error).level is level
